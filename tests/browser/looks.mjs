// Each page in both themes, on a desk and on a phone: reachable by keyboard and screen reader, nothing beside the page.
import fs from "node:fs";
import { createRequire } from "node:module";
import { check, checkIs, part } from "./tap.mjs";
import { PHONE, Person, WIDE } from "./people.mjs";

const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FIRST_BYTES = 100 * 1024;

async function pages(person) {
    const { id } = await person.page.evaluate(async () => {
        const { items } = await (await fetch("/api/v1/jobs?command=deploy&state=succeeded&limit=1")).json();
        return items[0];
    });
    return [
        ["chat", "/?channel=web%23lobby"],
        ["jobs", "/jobs"],
        ["job", `/jobs/${id}`],
        ["approvals", "/approvals?state=all"],
        ["environments", "/environments"],
        ["audit", "/audit"],
        ["commands", "/commands?name=deploy&app=hello"],
    ];
}

// In the dark only colours can differ.
async function violations(page, isDark) {
    await page.evaluate(AXE); // through the debugger: the page's own policy would refuse it
    return page.evaluate(async (onlyColours) => {
        const result = await window.axe.run(document, {
            resultTypes: ["violations"],
            ...(onlyColours ? { runOnly: ["color-contrast"] } : {}),
        });
        return result.violations
            .filter(({ impact }) => ["serious", "critical"].includes(impact))
            .map(
                ({ id, nodes }) =>
                    `${id}: ${nodes
                        .slice(0, 3)
                        .map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`)
                        .join(" | ")}`,
            );
    }, isDark);
}

async function look(person, name, address, label) {
    await person.goto(address);
    await person.page.locator("h1").waitFor({ state: "attached" });
    await person.page.waitForLoadState("load");
    await person.page
        .locator("a.row, .audit-row, summary.row, .entry, .env-card, .approval, .job-facts > div")
        .first()
        .waitFor();
    await person.shot(`${label}-${name}`);
    const found = await violations(person.page, label.startsWith("dark"));
    check(found.length === 0, `${label} ${name}: no serious fault for screen readers`, found.join("\n"));
    check(
        await person.page.evaluate(() =>
            [document.documentElement, ...document.querySelectorAll(".page-body, .timeline")].every(
                (node) => node.scrollWidth <= node.clientWidth,
            ),
        ),
        `${label} ${name}: nothing beside the page`,
    );
}

async function everyPage({ ana }, label, viewport, colorScheme) {
    const person = await ana.other();
    await person.page.setViewportSize(viewport);
    await person.page.emulateMedia({ colorScheme });
    await person.goto("/");
    await person.composer().waitFor();
    for (const [name, address] of await pages(person)) await look(person, name, address, label);
    await person.page.close();
}

// Two at a time: there are two cores.
async function everyLook(stage) {
    const looks = [
        ["light-1280", WIDE, "light"],
        ["dark-1280", WIDE, "dark"],
        ["light-390", PHONE, "light"],
        ["dark-390", PHONE, "dark"],
    ];
    const next = async () => {
        for (let view = looks.shift(); view; view = looks.shift()) await everyPage(stage, ...view);
    };
    await Promise.all([next(), next()]);
}

async function keyboard({ ana }) {
    const { page } = ana;
    await page.setViewportSize(WIDE);
    await ana.goto("/");
    await ana.composer().waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.keyboard.press("j");
    await page.locator(".job-row[tabindex='0']").waitFor();
    checkIs(await page.evaluate(() => document.activeElement.tagName), "H1", "focus is on the new heading");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    checkIs(
        await page.evaluate(() =>
            [...document.querySelectorAll("a.job-row")].indexOf(document.activeElement),
        ),
        1,
        "j goes down the rows",
    );
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/jobs\/\d+$/);
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    checkIs(await page.getByRole("dialog").count(), 0, "Escape closes");
    await page.keyboard.press("t");
    checkIs(
        await page.evaluate(() => document.documentElement.dataset.theme),
        "dark",
        "t switches the theme",
    );
    await page.reload();
    checkIs(await page.evaluate(() => document.documentElement.dataset.theme), "dark", "and it is kept");
    await page.evaluate(() => localStorage.removeItem("theme"));
}

async function weight({ ana }) {
    const page = await ana.newPage();
    let bytes = 0;
    page.on("response", async (response) => {
        const { pathname } = new URL(response.url());
        if (!pathname.startsWith("/api/")) bytes += Number(response.headers()["content-length"] ?? 0);
    });
    await page.goto(`${ana.server.url}/`);
    await page.locator(".entry").first().waitFor();
    check(bytes > 0 && bytes < FIRST_BYTES, "below 100 KB until the chat is there", `${bytes} bytes`);
    await page.close();
}

// A touch screen, and somebody who signs out there.
async function phone({ browser, server, lea }) {
    const person = await new Person(server, lea.shots).open(browser, {
        viewport: PHONE,
        hasTouch: true,
        isMobile: true,
        colorScheme: "light",
    });
    await person.signIn(server.link("lea"));
    await person.shot("phone-chat");
    await person.page.getByRole("combobox", { name: "Channel" }).selectOption("#lobby");
    await person.page.getByRole("textbox", { name: "Message to #lobby" }).waitFor();
    await person.page.getByRole("button", { name: "More" }).tap();
    await person.shot("phone-more");
    await person.page.getByRole("dialog").getByRole("link", { name: "Audit" }).tap();
    await person.page.getByRole("heading", { name: "Audit" }).waitFor();
    await person.page.getByRole("button", { name: "More" }).tap();
    await person.page.getByRole("button", { name: "Sign out" }).tap();
    await person.page.getByLabel("Or sign in with a token").waitFor();
    check(true, "all pages by the bar and the sheet; out again");
    checkIs(person.faults.join("\n"), "", "no fault in the console");
    await person.context.close();
}

export async function looks(stage) {
    await part("looks", () => everyLook(stage));
    await part("keyboard", () => keyboard(stage));
    await part("phone", () => phone(stage));
    await part("weight", () => weight(stage));
}
