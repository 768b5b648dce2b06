// The list of jobs: newest first, by state, person and command, live.
import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { filterBar } from "./filters.js";
import { walk } from "./list.js";
import { failure, notice, pageHead, pager } from "./page.js";
import { commandNames, store } from "./store.js";
import { on } from "./stream.js";
import { moment, took } from "./time.js";
import { isFinal, jobStates, stateNode } from "./words.js";

function jobRow(job) {
    return h(
        "li.row-box",
        { data: { id: job.id } },
        h(
            "a.row.job-row",
            { href: `/jobs/${job.id}`, tabindex: "-1" },
            h("span.cell-number", `#${job.id}`),
            h("span.cell-state", stateNode(job.state)),
            h("span.cell-title", job.title || job.line),
            h("span.cell-person", job.person ?? "–"),
            h("span.cell-place", job.place ?? job.door),
            h("span.cell-took", took(job)),
            h("span.cell-when", moment(job.created_at)),
        ),
    );
}

function header() {
    return h(
        "div.row.job-row.row-head",
        { "aria-hidden": "true" },
        ["Job", "State", "What", "By", "Where", "Took", "When"].map((name) => h("span", name)),
    );
}

const fits = (job, filter) =>
    (!filter.state || job.state === filter.state) &&
    (!filter.person || job.person === filter.person) &&
    (!filter.command || job.command === filter.command) &&
    (!filter.open || !isFinal(job.state));

export async function open({ root, signal, query }) {
    const head = pageHead("Jobs");
    const list = h("ul.rows", { "aria-label": "Jobs" });
    const none = h("div");
    const refusal = h("div");
    let filter = {};

    const find = (id) => list.querySelector(`:scope > [data-id="${CSS.escape(String(id))}"]`);

    // A row that is replaced keeps the focus.
    function put(job, fresh) {
        const old = find(job.id);
        const hadFocus = old?.contains(document.activeElement);
        if (!fits(job, filter)) {
            old?.remove();
            return;
        }
        const row = jobRow(job);
        if (old) old.replaceWith(row);
        else if (fresh && Number(list.firstElementChild?.dataset.id ?? 0) < job.id) list.prepend(row);
        else if (!fresh) list.append(row);
        if (hadFocus) row.firstElementChild.focus();
        else if (!list.querySelector("[tabindex='0']"))
            list.querySelector("a")?.setAttribute("tabindex", "0");
    }

    function drawNone() {
        replace(none, list.childElementCount === 0 ? notice("No job fits.") : null);
    }

    // Whoever may not see all jobs sees the own ones.
    async function load(cursor) {
        try {
            return await get("/jobs", { ...filter, cursor, limit: 100 }, signal);
        } catch (error) {
            if (error.status !== 403 || filter.person === store.me.id) throw error;
            replace(refusal, failure(error));
            filter.person = store.me.id;
            return load(cursor);
        }
    }

    const pages = pager(
        load,
        (items) => {
            items.forEach((job) => put(job, false));
            drawNone();
        },
        signal,
    );

    function restart(values) {
        filter = values;
        replace(list);
        replace(none);
        return pages.restart();
    }

    const bar = filterBar(
        [
            { key: "state", label: "State", choices: jobStates() },
            { key: "person", label: "By", placeholder: "anybody" },
            { key: "command", label: "Command", choices: await commandNames() },
            { key: "open", label: "Not over yet", check: true },
        ],
        query,
        restart,
        signal,
    );

    root.append(head, h("div.page-body", bar.node, refusal, header(), list, none, pages.node));
    walk(() => [...list.querySelectorAll("a.row")], signal);
    on(
        "job",
        (job) => {
            put(job, true);
            drawNone();
        },
        signal,
    );
    on("resync", () => restart(filter), signal);
    filter = bar.values();
    await pages.next();
}
