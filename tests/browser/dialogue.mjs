// The dialogue that a new installation has to hold: everything a team does in its first hour, by three people.
import { check, checkIs, part } from "./tap.mjs";
import { jobOf } from "./people.mjs";

async function signIn({ ana, lea, tom, server }) {
    const link = server.link("ana");
    await ana.signIn(link);
    checkIs(await ana.page.title(), "opsroom", "one's own channel first");
    const again = await ana.context.request.get(link);
    checkIs(again.status(), 410, "a link works once");
    await lea.signIn(server.link("lea"));
    await tom.goto("/");
    await tom.page.getByLabel("Or sign in with a token").fill(server.token("tom"));
    await tom.shot("sign-in");
    await tom.page.getByRole("button", { name: "Sign in" }).click();
    await tom.composer().waitFor();
    check(true, "with a token too");
}

async function simpleCommands({ ana }) {
    const help = await ana.say("help", /deploy APP \[VERSION\] to ENVIRONMENT/);
    check((await help.locator("table").count()) === 1, "help is a table");
    await ana.say("whoami", /Ana Silva \(ana\)/);
    const status = await ana.say("status", /never deployed/);
    checkIs(await status.locator("tbody tr").count(), 2, "status has a row for each environment");
}

async function completion({ ana }) {
    const field = ana.composer();
    await field.focus();
    await field.pressSequentially("dep");
    await ana.page.getByRole("option", { name: /^deploy / }).waitFor();
    await field.press("Tab");
    checkIs(await field.inputValue(), "deploy ", "Tab takes the first");
    await ana.page.getByRole("option", { name: /^hello / }).waitFor();
    await field.press("ArrowDown");
    await ana.shot("completion");
    await field.press("Enter");
    checkIs(await field.inputValue(), "deploy hello ", "Enter takes the chosen one");
    await field.pressSequentially("to ");
    await ana.page.getByRole("option", { name: /^staging / }).waitFor();
    await field.press("Escape");
    checkIs(await ana.page.getByRole("option").count(), 0, "Escape closes the list");
    await field.fill("");
}

async function deployToStaging({ ana }) {
    const running = await ana.say(
        "deploy hello v1.2.0 to staging",
        /Deploy hello v1\.2\.0 to staging: ▸ running/,
    );
    const id = await running.getAttribute("data-id");
    await ana.shot("deploy-running");
    const over = await ana.entry(/Deploy hello v1\.2\.0 to staging: ✓ succeeded in /);
    checkIs(await over.getAttribute("data-id"), id, "the same message, kept true");
    checkIs(await over.locator(".step").count(), 5, "with its steps");
    const job = await jobOf(over);
    await over.getByRole("link", { name: `#${job}`, exact: true }).click();
    await ana.page.getByText("started v1.2.0 on port").waitFor();
    check(
        /#\d+ deploy hello v1\.2\.0 to staging/.test(await ana.page.locator("h1").innerText()),
        "its number leads to the job and its log",
    );
    await ana.page.goBack();
    await ana.composer().waitFor();
}

async function canDeploy({ ana }) {
    await ana.say("can deploy hello to production", /Yes, with an approval.*1 of leads/);
    check(true, "says what it needs");
}

// Decided on the page of approvals.
async function approveOnPage({ ana, lea }) {
    await ana.channel("lobby");
    await lea.goto("/approvals");
    await lea.page.getByText("Nothing waits for approval.").waitFor();
    const waiting = await ana.say("!deploy hello v1.2.0 to production", /waiting for approval/);
    checkIs(await waiting.getByRole("button", { name: "Approve" }).count(), 1, "asks in the channel");
    const item = lea.page.getByRole("listitem").filter({ hasText: "deploy hello v1.2.0 to production" });
    await item.getByRole("button", { name: "Approve" }).waitFor();
    check(
        /^\(\d+\) Approvals/.test(await lea.page.title()),
        "the title counts what waits",
        await lea.page.title(),
    );
    await lea.shot("approvals");
    const own = await ana.newPage();
    await own.goto(`${ana.server.url}/approvals`);
    await own.getByText("You asked for it yourself").waitFor();
    checkIs(await own.getByRole("button", { name: "Approve" }).count(), 0, "nobody approves one's own");
    await own.close();
    await item.getByRole("button", { name: "Approve" }).click();
    await item.getByText("approved by lea").waitFor();
    await ana.entry(/Deploy hello v1\.2\.0 to production: ✓ succeeded/);
}

// Decided by the button in the chat.
async function approveInChat({ ana, lea }) {
    await lea.goto("/?channel=web%23lobby");
    const before = await ana.lastId();
    await ana.say("!deploy hello to production", /Deploy hello to production: .* waiting for approval/);
    const seen = await lea.entry(/Deploy hello to production: .*waiting for approval/, before);
    await lea.shot("chat-approval");
    await seen.getByRole("button", { name: "Approve" }).click();
    const over = await ana.entry(/Deploy hello to production: ✓ succeeded/, before);
    check(/approved by\s+lea/.test(await over.innerText()), "says who approved");
    await lea.entry(/Deploy hello to production: ✓ succeeded/, before);
    check(true, "both see the end");
}

async function releasesAndRollback({ ana, lea }) {
    const releases = await ana.say("!releases hello", /v1\.2\.0/);
    check((await releases.locator("tbody tr").count()) >= 3, "a row for each deployment");
    const waiting = await ana.say(
        "!rollback hello on production",
        /Rollback hello on production.*waiting for approval/i,
    );
    const job = await jobOf(waiting);
    await lea.say(`!approve ${job}`, new RegExp(`#${job}`));
    await ana.entry(/Rollback hello on production.*✓ succeeded/i);
    check(true, "approved by words");
}

async function refused({ ana, tom }) {
    await tom.channel("lobby");
    const before = await ana.lastId();
    const entry = await tom.say("!deploy hello to staging", /Not allowed/);
    check(/only you see this/.test(await entry.innerText()), "said to tom alone");
    await tom.shot("refused");
    await ana.say("!ping", /.+/);
    const others = await ana.page.locator(".entry.from-message").allInnerTexts();
    check(!others.some((text) => text.includes("Not allowed")), "nobody else sees it");
    check((await ana.lastId()) > before, "what came after it is there");
}

async function cancelled({ ana }) {
    await ana.channel("opsroom");
    const entry = await ana.say("countdown 30", /Countdown 30: ▸ running/);
    const job = await jobOf(entry);
    const second = await ana.newPage();
    await second.goto(`${ana.server.url}/jobs/${job}`);
    await second.getByText("28", { exact: true }).waitFor();
    check(true, "the log grows by itself");
    await entry.getByRole("button", { name: "Cancel" }).click();
    await ana.page.getByRole("dialog").getByRole("button", { name: "No" }).click();
    check(await second.getByText("▸ running").first().isVisible(), "No is no");
    await second.getByRole("button", { name: "Cancel" }).click();
    await second.getByRole("dialog").getByRole("button", { name: "Cancel the job" }).click();
    await second.locator(".page-facts").getByText("cancelled").waitFor();
    await ana.entry(/Countdown 30: ⊘ cancelled/);
    check(true, "cancelled on the job's page, shown in the chat");
    await second.close();
}

async function question({ ana }) {
    const asked = await ana.say("deploy hello", /needs ENVIRONMENT/);
    await asked.getByLabel("environment").selectOption("staging");
    await ana.shot("question");
    await asked.getByRole("button", { name: "Go on" }).click();
    await ana.entry(/Deploy hello to staging: ✓ succeeded/);
    check(true, "a form asks for what is missing");
}

async function audit({ ana }) {
    await ana.goto("/audit?person=tom&result=refused");
    const row = ana.page.locator(".audit-row").first();
    await row.waitFor();
    check(/deploy hello to staging/.test(await row.innerText()), "the refusal is in it");
    await row.getByRole("button").click();
    await ana.page
        .getByText(/^[0-9a-f]{64}$/)
        .first()
        .waitFor();
    check(true, "with its hash");
    const [file] = await Promise.all([
        ana.page.waitForEvent("download"),
        ana.page.getByRole("link", { name: "Export all" }).click(),
    ]);
    checkIs(file.suggestedFilename(), "opsroom-audit.jsonl", "the whole of it as a file");
}

async function catalogue({ ana }) {
    await ana.goto("/environments");
    await ana.page.getByRole("link", { name: "Deploy hello on staging" }).click();
    await ana.page.getByLabel("version").fill("v1.3.1");
    await ana.page.getByText("deploy hello v1.3.1 to staging", { exact: true }).waitFor();
    await ana.shot("commands");
    await ana.page.getByRole("button", { name: "Run", exact: true }).click();
    await ana.entry(/Deploy hello v1\.3\.1 to staging: ✓ succeeded/);
    check(true, "a form of the catalogue runs in the chat");
}

export async function dialogue(stage) {
    await part("sign in", () => signIn(stage));
    await part("help, whoami, status", () => simpleCommands(stage));
    await part("completion", () => completion(stage));
    await part("deploy to staging", () => deployToStaging(stage));
    await part("can", () => canDeploy(stage));
    await part("approval on its page", () => approveOnPage(stage));
    await part("approval in the chat", () => approveInChat(stage));
    await part("releases and rollback", () => releasesAndRollback(stage));
    await part("refused", () => refused(stage));
    await part("cancelled", () => cancelled(stage));
    await part("question", () => question(stage));
    await part("audit", () => audit(stage));
    await part("catalogue", () => catalogue(stage));
}
