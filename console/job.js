// One job: its state, steps, answer and live log, and what can be done with it.
import { get, post } from "./api.js";
import { confirm } from "./dialog.js";
import { h, jobLink, outside, replace } from "./dom.js";
import { logView } from "./log.js";
import { factValue, messageNode } from "./message.js";
import { setTitle } from "./nav.js";
import { button, busy, failure, notice, pageHead } from "./page.js";
import { navigate } from "./router.js";
import { stepList } from "./steps.js";
import { on } from "./stream.js";
import { moment, took } from "./time.js";
import { approvalState, voteButtons, voteList, whyNot } from "./vote.js";
import { isFinal, stateNode } from "./words.js";

const DOORS = {
    chat: "chat",
    button: "a button",
    api: "the API",
    terminal: "the command line",
    job: "another job",
};

const RESOLVE = { happened: "It happened", again: "Start again", stop: "Stop" };

function stateLine(job) {
    const time = took(job);
    const before = {
        succeeded: " in ",
        failed: " after ",
        "timed out": " after ",
        running: ", ",
        waiting: ", ",
    }[job.state];
    return stateNode(job.state, job.state, time && before ? [before, time] : null);
}

function row(name, value) {
    return value === null || value === undefined || value === ""
        ? null
        : h("div", h("dt", name), h("dd", value));
}

// What it is about, and what came out of it: each once.
function pairs(pins, outputs) {
    const all = [
        ...Object.entries(pins ?? {}),
        ...Object.entries(outputs ?? {}).filter(([name, value]) => pins?.[name] !== value),
    ];
    return all.map(([name, value]) => row(name, factValue(value)));
}

function aside(job) {
    const links = job.progress?.links ?? [];
    return h(
        "dl.job-facts",
        row("asked by", job.person ?? job.account),
        row("through", DOORS[job.door] ?? job.door),
        row("in", job.place),
        row("asked", moment(job.created_at)),
        row("started", moment(job.started_at)),
        row("ended", moment(job.finished_at)),
        pairs(job.pins, job.progress?.outputs),
        links.length > 0
            ? row(
                  "links",
                  links.map(({ text, url }) => h("div", outside(text || url, url))),
              )
            : null,
        row("again of", job.again_of ? jobLink(job.again_of) : null),
        row("part of", job.parent ? jobLink(job.parent) : null),
        row("cancelled by", job.cancel_by),
        row("reason", job.cancel_reason),
        job.line === job.title ? null : row("typed as", h("code", job.line)),
    );
}

function approvalBox(job, faults, changed) {
    const { approval } = job;
    if (!approval) return null;
    return h(
        "section.panel",
        { "aria-label": "Approval" },
        h("h2", "Approval"),
        h(
            "p",
            approvalState(approval),
            " needs ",
            approval.needs.text,
            approval.state === "pending" ? [", ends ", moment(approval.expires_at)] : null,
        ),
        h("ul.plain", voteList(approval.votes)),
        whyNot(approval),
        approval.can_vote ? h("div.buttons", voteButtons(approval, faults, changed)) : null,
    );
}

// What the job says, without what this page shows itself.
function answer(job) {
    const { message } = job;
    const blocks = (message?.blocks ?? []).filter(
        ({ kind }) =>
            ["text", "table", "link", "image", "form"].includes(kind) ||
            (kind === "code" && job.log_bytes === 0) ||
            (kind === "facts" && !job.started_at && isFinal(job.state)),
    );
    const said = { ...message, title: null, job: 0, blocks };
    if (message?.text || blocks.length > 0)
        return h(
            "section",
            { class: `panel answer is-${message.tone}`, "aria-label": "Answer" },
            messageNode(said, job.finished_at ?? job.created_at),
        );
    return null;
}

function actions(job, faults, changed) {
    async function cancel(event) {
        const node = event.currentTarget;
        if (!(await confirm(`Cancel #${job.id}?`, { label: "Cancel the job", danger: true }))) return;
        const result = await busy(node, faults, () => post(`/jobs/${job.id}/cancel`, {}));
        if (result) changed(result);
    }

    async function again(event) {
        const result = await busy(event.currentTarget, faults, () => post(`/jobs/${job.id}/again`, {}));
        if (result) navigate(`/jobs/${result.job}`);
    }

    // A step whose end nobody knows: a person says what became of it.
    async function resolve(event, word) {
        await busy(event.currentTarget, faults, async () => {
            const reply = await post("/run", { line: `job resolve ${job.id} ${word}`, wait: 10 });
            if (!reply.ok) throw new Error(reply.text);
        });
    }

    return [
        job.stage === "unsure"
            ? Object.entries(RESOLVE).map(([word, label]) => button(label, (event) => resolve(event, word)))
            : null,
        job.can_cancel && !job.cancel_by ? button("Cancel", cancel, { class: "danger" }) : null,
        isFinal(job.state) && job.command ? button("Run again", again) : null,
    ];
}

export async function open({ root, signal, params }) {
    const id = Number(params[0]);
    const head = pageHead(`#${id}`);
    const faults = h("div.faults");
    const main = h("div.job-main");
    const side = h("aside.job-side", { "aria-label": "Facts" });
    const top = h("div.job-top");
    const log = logView(id, signal);
    let current = null;

    function show(job) {
        if (current && isFinal(current.state) && !isFinal(job.state)) return;
        current = job;
        replace(head.heading, h("span.quiet", `#${job.id}`), " ", job.title || job.line);
        setTitle(`#${job.id} ${job.title || job.line}`);
        replace(head.facts, stateLine(job));
        replace(head.actions, actions(job, faults, show));
        replace(
            top,
            answer(job),
            approvalBox(job, faults, load),
            job.progress?.steps?.length > 0
                ? h(
                      "section.panel",
                      { "aria-label": "Steps" },
                      h("h2", "Steps"),
                      stepList(job.progress.steps, job.created_at, "steps column"),
                  )
                : null,
        );
        replace(side, aside(job));
    }

    async function load() {
        const job = await get(`/jobs/${id}`, {}, signal);
        show(job);
        await log.read();
    }

    root.append(head, h("div.page-body", faults, h("div.job-grid", main, side)));
    main.append(top, log.node);
    try {
        await load();
    } catch (error) {
        if (error.name === "AbortError") return;
        replace(
            main,
            error.status === 404
                ? notice(`There is no job #${id}.`, h("a", { href: "/jobs" }, "All jobs"))
                : failure(error),
        );
        return;
    }
    on(
        "job",
        (job) => {
            if (job.id === id) {
                show(job);
                log.read();
            }
        },
        signal,
    );
    on("log", (item) => (item.id ?? item.job) === id && log.read(), signal);
    on("resync", load, signal);
}
