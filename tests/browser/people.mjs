// People at their browsers: one Chromium, a context of its own for each of them.
import path from "node:path";
import { createRequire } from "node:module";

const { chromium } = createRequire(import.meta.url)("playwright-core");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];
export const WIDE = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };
export const WAIT_MS = 20000;

export const launch = () => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

export class Person {
    constructor(server, shots) {
        this.server = server;
        this.shots = shots;
        this.faults = [];
        this.expected = [
            /status of 40[139]/,
            /status of 410/,
            /ERR_CONNECTION_REFUSED/,
            /ERR_INCOMPLETE_CHUNKED/,
            /ERR_EMPTY_RESPONSE/,
            /status of 503/,
            /ERR_CONNECTION_RESET/,
        ];
    }

    async open(browser, options = {}) {
        this.context = await browser.newContext({
            viewport: WIDE,
            colorScheme: "light",
            timezoneId: "Europe/Lisbon",
            locale: "en-GB",
            ...options,
        });
        this.context.setDefaultTimeout(WAIT_MS);
        this.page = await this.newPage();
        return this;
    }

    async newPage() {
        const page = await this.context.newPage();
        page.on("pageerror", (error) => this.faults.push(error.stack));
        page.on("console", (message) => {
            const text = `${message.text()} ${message.location().url}`;
            if (message.type() === "error" && !this.expected.some((pattern) => pattern.test(text)))
                this.faults.push(text);
        });
        return page;
    }

    // The same person at another page.
    async other() {
        const person = new Person(this.server, this.shots);
        person.faults = this.faults;
        person.context = this.context;
        person.page = await person.newPage();
        return person;
    }

    async signIn(link) {
        await this.page.goto(link);
        await this.page.getByRole("button", { name: "Sign in" }).click();
        await this.composer().waitFor();
    }

    goto(address) {
        return this.page.goto(this.server.url + address);
    }

    composer() {
        return this.page.getByRole("textbox", { name: /^Message to/ });
    }

    async channel(name) {
        await this.page
            .getByRole("navigation")
            .getByRole("link", { name: new RegExp(`^${name}( |\\d|$)`) })
            .click();
        await this.page.getByRole("textbox", { name: new RegExp(`^Message to #?${name}$`) }).waitFor();
    }

    // Types a line and waits for opsroom's message about it; returns the newest entry with these words.
    async say(line, words) {
        const before = await this.lastId();
        await this.composer().fill(line);
        await this.composer().press("Enter");
        return words ? this.entry(words, before) : null;
    }

    lastId() {
        return this.page.evaluate(() =>
            Math.max(
                0,
                ...[...document.querySelectorAll(".entry.from-message")].map((each) =>
                    Number(each.dataset.id.slice(1)),
                ),
            ),
        );
    }

    // A message of opsroom newer than `after` that has these words, once it is there.
    async entry(words, after = 0) {
        const handle = await this.page.waitForFunction(
            ([pattern, flags, oldest]) =>
                [...document.querySelectorAll(".entry.from-message")]
                    .reverse()
                    .find(
                        (each) =>
                            Number(each.dataset.id.slice(1)) > oldest &&
                            new RegExp(pattern, flags).test(each.innerText),
                    ),
            [words.source, words.flags, after],
        );
        const id = await handle.evaluate((each) => each.dataset.id);
        return this.page.locator(`[data-id="${id}"]`);
    }

    shot(name) {
        return this.page.screenshot({ path: path.join(this.shots, `${name}.png`) });
    }
}

// The job's number in a message.
export async function jobOf(entry) {
    return Number((await entry.locator(".job-number").first().innerText()).slice(1));
}
