// A server of the test's own: the sample in a temporary folder, on free ports, stopped and started at will.
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../..");
const SAMPLE = path.join(ROOT, "examples/local");
const READY_MS = 15000;
const STOP_MS = 12000;

function freePort() {
    return new Promise((resolve, reject) => {
        const server = net.createServer();
        server.on("error", reject);
        server.listen(0, "127.0.0.1", () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}

// Commands that only the tests need: much output, and output that is no friend of a page.
const RULE = "policy:\n  - { allow: deployers, commands: [flood, colours] }\n";
const COMMANDS = `commands:
  flood:
    help: Write many lines
    run: [seq, --format=line %.0f of the flood, "1", "50000"]
  colours:
    help: Write what terminals obey
    run: [printf, '\\033[31mred\\033[0m <b>not bold</b>\\nhalf\\rwhole\\n']
`;

function configuration(ports) {
    return fs
        .readFileSync(path.join(SAMPLE, "opsroom.yaml"), "utf8")
        .replaceAll("127.0.0.1:8080", `127.0.0.1:${ports[0]}`)
        .replaceAll("8090", String(ports[1]))
        .replaceAll("8091", String(ports[2]))
        .replace("policy:\n", RULE)
        .replace("commands:\n", COMMANDS);
}

export class Server {
    constructor(binary) {
        this.binary = path.resolve(binary);
        this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "opsroom-browser-"));
        this.config = path.join(this.folder, "opsroom.yaml");
        this.log = path.join(this.folder, "server.log");
        this.faults = []; // ends that were no good
    }

    async prepare() {
        for (const name of fs.readdirSync(SAMPLE).filter((each) => !["data", "opsroom.sock"].includes(each)))
            fs.cpSync(path.join(SAMPLE, name), path.join(this.folder, name), { recursive: true });
        const ports = [await freePort(), await freePort(), await freePort()];
        this.url = `http://127.0.0.1:${ports[0]}`;
        fs.writeFileSync(this.config, configuration(ports));
        execFileSync(path.join(this.folder, "setup"), { stdio: "pipe" });
    }

    async start() {
        const log = fs.openSync(this.log, "a");
        this.process = spawn(this.binary, ["serve", "-c", this.config], { stdio: ["ignore", log, log] });
        fs.closeSync(log);
        this.ended = new Promise((resolve) => {
            this.process.once("exit", resolve);
        });
        const end = Date.now() + READY_MS;
        while (Date.now() < end && this.process.exitCode === null) {
            const response = await fetch(`${this.url}/readyz`).catch(() => null);
            if (response?.ok) return;
            await new Promise((resolve) => {
                setTimeout(resolve, 50);
            });
        }
        throw new Error(`the server is not ready:\n${this.lastWords()}`);
    }

    async stop() {
        if (!this.process || this.process.exitCode !== null) return;
        const { process: running } = this;
        running.kill("SIGTERM");
        const timer = setTimeout(() => running.kill("SIGKILL"), STOP_MS);
        await this.ended;
        clearTimeout(timer);
        if (running.exitCode !== 0)
            this.faults.push(`status ${running.exitCode ?? running.signalCode}: ${this.lastWords()}`);
    }

    lastWords() {
        return fs.readFileSync(this.log, "utf8").slice(-2000);
    }

    // The command line; name: "run", "token create".
    opsroom(name, ...args) {
        return execFileSync(this.binary, [...name.split(" "), "-c", this.config, ...args], {
            encoding: "utf8",
            timeout: 20000,
        }).trim();
    }

    link(person) {
        return this.opsroom("token create", "--person", person, "--link");
    }

    token(person) {
        return this.opsroom("token create", "--person", person);
    }

    async close() {
        await this.stop();
        try {
            execFileSync(path.join(this.folder, "stop"), { stdio: "pipe" });
        } catch {
            /* nothing was deployed */
        }
        fs.rmSync(this.folder, { recursive: true, force: true });
    }
}
