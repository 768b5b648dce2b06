// What waits for approval, what it is about, and the two buttons.
import { get } from "./api.js";
import { h, jobLink, replace } from "./dom.js";
import { filterBar } from "./filters.js";
import { walk } from "./list.js";
import { factValue } from "./message.js";
import { notice, pageHead, pager } from "./page.js";
import { on } from "./stream.js";
import { moment } from "./time.js";
import { approvalState, voteButtons, voteList, whyNot } from "./vote.js";

function pins(approval) {
    const entries = Object.entries(approval.pins ?? {});
    return entries.length === 0
        ? null
        : h(
              "dl.facts",
              entries.map(([name, value]) => h("div", h("dt", name), h("dd", factValue(value)))),
          );
}

function timing(approval) {
    return approval.state === "pending"
        ? ["ends ", moment(approval.expires_at)]
        : ["decided ", moment(approval.decided_at ?? approval.expires_at)];
}

function approvalNode(approval, changed) {
    const faults = h("div.faults");
    return h(
        "li",
        { class: `approval is-${approval.state}`, tabindex: "-1", data: { id: approval.id } },
        h(
            "div.approval-head",
            approvalState(approval),
            " ",
            h("strong", approval.title),
            jobLink(approval.job),
        ),
        h(
            "p.quiet",
            approval.person,
            approval.place ? ` in ${approval.place}` : "",
            ", ",
            moment(approval.requested_at),
            " · needs ",
            approval.needs.text,
            " · ",
            timing(approval),
        ),
        pins(approval),
        approval.votes.length > 0 ? h("ul.plain", voteList(approval.votes)) : null,
        whyNot(approval),
        faults,
        approval.can_vote ? h("div.buttons", voteButtons(approval, faults, changed)) : null,
    );
}

export async function open({ root, signal, query }) {
    const list = h("ul.approvals", { "aria-label": "Approvals" });
    const none = h("div");
    let state = query.get("state") ?? "pending";

    const drawNone = () =>
        replace(
            none,
            list.childElementCount > 0
                ? null
                : notice(state === "pending" ? "Nothing waits for approval." : "There is no such approval."),
        );

    // One that was decided just now stays, so that its end can be seen.
    function put(approval, fresh) {
        const old = list.querySelector(`:scope > [data-id="${approval.id}"]`);
        if (!old && fresh && state !== "all" && approval.state !== state) return;
        const node = approvalNode(approval, (changed) => put(changed, true));
        const hadFocus = old?.contains(document.activeElement);
        if (old) old.replaceWith(node);
        else if (fresh) list.prepend(node);
        else list.append(node);
        if (hadFocus) node.focus();
        drawNone();
    }

    const pages = pager(
        (cursor) => get("/approvals", { state: state === "all" ? "" : state, cursor }, signal),
        (items) => {
            items.forEach((approval) => put(approval, false));
            drawNone();
        },
        signal,
    );

    function restart() {
        replace(list);
        replace(none);
        return pages.restart();
    }

    const bar = filterBar(
        [
            {
                key: "state",
                label: "Show",
                any: "waiting",
                choices: ["approved", "denied", "expired", "void", "all"],
            },
        ],
        query,
        (values) => {
            state = values.state ?? "pending";
            restart();
        },
        signal,
    );

    root.append(pageHead("Approvals"), h("div.page-body", bar.node, list, none, pages.node));
    walk(() => [...list.children], signal);
    on("approval", (approval) => put(approval, true), signal);
    on("resync", restart, signal);
    await pages.next();
}
