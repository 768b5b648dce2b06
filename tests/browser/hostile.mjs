// What strangers and pipelines say stays text; what breaks comes back; what is long does not freeze the page.
import { check, checkIs, part } from "./tap.mjs";
import { jobOf } from "./people.mjs";

const EVIL = `<img src=x onerror="window.hacked=1"> *b* [x](javascript:window.hacked=2) \u202egnp.exe \u0007\u001b[31m`;
const noOverflow = (page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

async function text({ ana, tom }) {
    await ana.goto("/?channel=web%23ops");
    await tom.channel("ops");
    await tom.say(EVIL);
    const said = ana.page.locator(".entry.from-input").filter({ hasText: "onerror" });
    await said.waitFor();
    const shown = await said.locator(".said").innerText();
    check(shown.includes('<img src=x onerror="window.hacked=1">'), "tags are words", shown);
    check(shown.includes("[U+202E]gnp.exe"), "what turns the direction is named", shown);
    check(shown.includes("*b* [x](javascript:"), "what people say has no markup", shown);
    await tom.composer().fill("w".repeat(16 * 1024));
    await tom.composer().press("Enter");
    await ana.page.locator(".entry.from-input").filter({ hasText: "wwwwww" }).waitFor();
    check(await noOverflow(ana.page), "a word of 16 KB stays in the page");
    await ana.say(`!help ${EVIL}`, /No command|help/);
    checkIs(
        await ana.page.evaluate(
            () =>
                document.querySelectorAll(
                    "#main img, #main iframe, #main script, #main a[href^='javascript']",
                ).length,
        ),
        0,
        "no element was made of it",
    );
    checkIs(await ana.page.evaluate(() => window.hacked), undefined, "nothing of it ran");
}

async function log({ ana }) {
    await ana.goto("/?channel=web%23@ana");
    const job = await jobOf(await ana.say("flood", /Flood: ✓ succeeded/));
    await ana.goto(`/jobs/${job}`);
    const start = Date.now();
    await ana.page.getByText("line 50000 of the flood").waitFor();
    check(Date.now() - start < 6000, "50,000 lines are there soon", `${Date.now() - start} ms`);
    check((await ana.page.locator(".log-line").count()) <= 4500, "not all of them in the page");
    const box = ana.page.getByRole("region", { name: "Lines of the log" });
    await box.evaluate((node) => {
        node.scrollTop -= 2000;
    });
    await ana.page.getByRole("button", { name: "Follow" }).waitFor();
    check(true, "scrolled up, it does not follow");
    await ana.page.getByRole("searchbox", { name: "Search in the log" }).fill("line 31337 ");
    await ana.page.locator(".is-found").filter({ hasText: "line 31337 of the flood" }).waitFor();
    check(true, "search finds what is not in the page");
    await ana.page.getByRole("button", { name: "Show earlier lines" }).click();
    await ana.page.getByText("line 30000 of the flood").waitFor({ state: "attached" });
    check(true, "earlier lines on demand");
    await ana.page.getByRole("button", { name: "Follow" }).click();
    await ana.page.locator(".log-line").filter({ hasText: "line 50000 of the flood" }).waitFor();
    check(true, "and back to its end");
}

async function colours({ ana }) {
    await ana.goto("/?channel=web%23@ana");
    const job = await jobOf(await ana.say("colours", /Colours: ✓ succeeded/));
    await ana.goto(`/jobs/${job}`);
    const first = ana.page.locator(".log-line").first();
    await first.waitFor();
    checkIs((await first.innerText()).trim(), "red <b>not bold</b>", "terminal sequences are not shown");
}

async function restart({ ana, server }) {
    await ana.goto("/?channel=web%23lobby");
    await ana.page.getByText("Live", { exact: true }).waitFor();
    await server.stop();
    await ana.page.getByText("Reconnecting").waitFor();
    check(true, "a break is said");
    await ana.composer().fill("said while it was away");
    await ana.composer().press("Enter");
    await ana.page.getByText("It was not sent").waitFor();
    checkIs(await ana.composer().inputValue(), "said while it was away", "what could not be sent is kept");
    await server.start();
    server.opsroom("run", "--as", "ana", "--channel", "web#lobby", "--wait", "10s", "whoami");
    await ana.page.getByText("Live", { exact: true }).waitFor();
    await ana.composer().press("Enter");
    await ana.page.locator(".said").filter({ hasText: "said while it was away" }).waitFor();
    await ana.page.locator(".said").filter({ hasText: "whoami" }).last().waitFor();
    const ids = await ana.page.locator(".entry").evaluateAll((all) => all.map((each) => each.dataset.id));
    checkIs(new Set(ids).size, ids.length, "everything once");
    checkIs(
        await ana.page.locator(".said").filter({ hasText: "said while it was away" }).count(),
        1,
        "sent once",
    );
}

async function history({ ana, server }) {
    const token = server.token("ana");
    for (let i = 0; i < 120; i++)
        await fetch(`${server.url}/api/v1/messages`, {
            method: "POST",
            headers: { Authorization: `Bearer ${token}` },
            body: JSON.stringify({ channel: "web#ops", text: `old message ${i}`, id: `old-${i}` }),
        });
    await ana.goto("/?channel=web%23ops");
    await ana.page.getByText("old message 119", { exact: true }).waitFor();
    checkIs(await ana.page.getByText("old message 3", { exact: true }).count(), 0, "the newest page first");
    for (let i = 0; i < 3; i++) {
        await ana.page.locator(".timeline").evaluate((node) => {
            node.scrollTop = 0;
        });
        await ana.page.waitForTimeout(150);
    }
    await ana.page.getByText("old message 3", { exact: true }).waitFor({ state: "attached" });
    const texts = await ana.page.locator(".said").allInnerTexts();
    const old = texts.filter((each) => each.startsWith("old message")).map((each) => Number(each.slice(12)));
    check(
        old.every((number, i) => i === 0 || number === old[i - 1] + 1),
        "older pages in order, without a gap",
    );
}

export async function hostile(stage) {
    await part("hostile text", () => text(stage));
    await part("a long log", () => log(stage));
    await part("a coloured log", () => colours(stage));
    await part("older pages", () => history(stage));
    await part("restart", () => restart(stage));
}
