// The console in headless Chromium, against the real server: run.mjs --opsroom PATH [--shots DIR]
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { dialogue } from "./dialogue.mjs";
import { hostile } from "./hostile.mjs";
import { looks } from "./looks.mjs";
import { Person, launch } from "./people.mjs";
import { Server } from "./server.mjs";
import { check, done, part } from "./tap.mjs";

const { values } = parseArgs({
    options: {
        opsroom: { type: "string" },
        shots: { type: "string" },
        limit: { type: "string", default: "240" },
    },
});
if (!values.opsroom) {
    console.error("usage: run.mjs --opsroom PATH [--shots DIR] [--limit SECONDS]");
    process.exit(2);
}

const server = new Server(values.opsroom);
const shots = values.shots ?? fs.mkdtempSync(path.join(os.tmpdir(), "opsroom-shots-"));
fs.mkdirSync(shots, { recursive: true });

async function noFaults(people) {
    for (const [name, person] of Object.entries(people))
        check(
            person.faults.length === 0,
            `nothing went wrong in ${name}'s browser`,
            person.faults.slice(0, 5).join("\n"),
        );
}

async function play() {
    await server.prepare();
    await server.start();
    const browser = await launch();
    const open = () => new Person(server, shots).open(browser);
    const people = { ana: await open(), lea: await open(), tom: await open() };
    const stage = { ...people, server, browser };
    await dialogue(stage);
    await hostile(stage);
    await looks(stage);
    await part("faults", () => noFaults(people));
    await browser.close();
    await server.stop();
    check(server.faults.length === 0, "the server ended well, each time", server.faults.join("\n"));
}

let timer;
const limit = new Promise((_, reject) => {
    timer = setTimeout(
        () => reject(new Error(`not over after ${values.limit} s`)),
        Number(values.limit) * 1000,
    );
});
await part("", () => Promise.race([play(), limit]));
clearTimeout(timer);
await server.close();
if (!values.shots) fs.rmSync(shots, { recursive: true, force: true });
process.exit(done());
