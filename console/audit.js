// The audit log: every command, decision and call, found by filter, and the whole of it as a file.
import { address, get } from "./api.js";
import { h, jobLink, newId, replace } from "./dom.js";
import { filterBar } from "./filters.js";
import { icon } from "./icons.js";
import { walk } from "./list.js";
import { codeBox } from "./message.js";
import { notice, pageHead, pager } from "./page.js";
import { commandNames } from "./store.js";
import { on } from "./stream.js";
import { exact, moment, precise } from "./time.js";
import { isState, stateNode } from "./words.js";

const KINDS = [
    "asked",
    "decided",
    "approval",
    "started",
    "called",
    "finished",
    "resolved",
    "signed in",
    "token made",
    "token revoked",
    "reloaded",
    "undelivered",
];
const RESULTS = [
    "allowed",
    "refused",
    "approval needed",
    "approved",
    "denied",
    "succeeded",
    "failed",
    "cancelled",
    "timed out",
];
const AGES = [
    ["1h", "the last hour"],
    ["24h", "the last day"],
    ["7d", "the last week"],
    ["30d", "the last month"],
];
const FACTS = [
    ["sequence", "record"],
    ["kind", "kind"],
    ["person", "person"],
    ["account", "account"],
    ["door", "through"],
    ["place", "in"],
    ["command", "command"],
    ["line", "line"],
    ["result", "result"],
    ["rule", "rule"],
    ["text", "text"],
];

function details(record, id) {
    const rows = FACTS.filter(
        ([key]) => record[key] !== null && record[key] !== undefined && record[key] !== "",
    ).map(([key, name]) => h("div", h("dt", name), h("dd", record[key])));
    const detail = record.detail && JSON.stringify(record.detail, null, 2);
    return h(
        "div.audit-details",
        { id, hidden: true },
        h(
            "dl.job-facts",
            h("div", h("dt", "at"), h("dd", exact(record.at))),
            rows,
            h("div", h("dt", "hash"), h("dd", h("code", record.hash))),
        ),
        detail && detail !== "{}" ? codeBox(detail, "Detail") : null,
    );
}

const result = (record) =>
    isState(record.result) ? stateNode(record.result) : h("span.quiet", record.result ?? "");

function recordNode(record) {
    const id = newId("record");
    const more = details(record, id);
    const toggle = h(
        "button",
        {
            type: "button",
            class: "tool",
            tabindex: "-1",
            "aria-expanded": "false",
            "aria-controls": id,
            "aria-label":
                `Record ${record.sequence}: ${record.kind} ${record.line ?? record.text ?? ""}`.slice(0, 120),
            onclick: flip,
        },
        icon("down"),
    );

    function flip(event) {
        event?.stopPropagation();
        more.hidden = !more.hidden;
        toggle.setAttribute("aria-expanded", String(!more.hidden));
    }

    return h(
        "li.row-box",
        { data: { id: record.sequence } },
        h(
            "div.row.audit-row",
            { onclick: (event) => event.target.closest("a, button") || getSelection().toString() || flip() },
            h("span.cell-when", moment(record.at, precise)),
            h("span.cell-person", record.person ?? record.account ?? "–"),
            h("span.cell-kind", record.kind),
            h("span.cell-state", result(record)),
            h(
                "span.cell-title",
                (record.line ?? record.command)
                    ? h("code", record.line ?? record.command)
                    : h("span.only-narrow", record.kind),
                record.text ? h("span.quiet", " ", record.text) : null,
            ),
            h("span.cell-number", record.job ? jobLink(record.job) : null),
            toggle,
        ),
        more,
    );
}

export async function open({ root, signal, query }) {
    const list = h("ul.rows", { "aria-label": "Audit records" });
    const none = h("div");
    const fresh = h("div");
    let filter = {};

    const pages = pager(
        (cursor) => get("/audit", { ...filter, cursor, limit: 100 }, signal),
        (items) => {
            list.append(...items.map(recordNode));
            list.querySelector("button")?.setAttribute("tabindex", "0");
            replace(none, list.childElementCount === 0 ? notice("No record fits.") : null);
        },
        signal,
    );

    function restart(values) {
        filter = values;
        replace(list);
        replace(fresh);
        replace(none);
        return pages.restart();
    }

    const bar = filterBar(
        [
            { key: "text", label: "Text", placeholder: "in line and text" },
            { key: "person", label: "Person", placeholder: "anybody" },
            { key: "command", label: "Command", choices: await commandNames() },
            { key: "kind", label: "Kind", choices: KINDS },
            { key: "result", label: "Result", choices: RESULTS },
            { key: "job", label: "Job", placeholder: "number" },
            { key: "since", label: "Since", choices: AGES, any: "the beginning" },
        ],
        query,
        restart,
        signal,
    );
    const save = h(
        "a.button",
        { href: address("/audit/export"), download: "opsroom-audit.jsonl" },
        "Export all",
    );

    // New records do not push away what one reads.
    function more() {
        if (fresh.childElementCount === 0)
            replace(
                fresh,
                h(
                    "button",
                    { type: "button", class: "wide", onclick: () => restart(filter) },
                    "Show new records",
                ),
            );
    }

    root.append(pageHead("Audit", save), h("div.page-body", bar.node, fresh, list, none, pages.node));
    walk(() => [...list.querySelectorAll(".audit-row > button")], signal);
    on("job", more, signal);
    filter = bar.values();
    await pages.next();
}
