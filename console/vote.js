// Approve and deny, the same on the approvals' page and on a job's.
import { post } from "./api.js";
import { askText } from "./dialog.js";
import { h } from "./dom.js";
import { moment } from "./time.js";
import { button, busy } from "./page.js";
import { store } from "./store.js";
import { stateNode } from "./words.js";

export function voteButtons(approval, faults, changed) {
    async function vote(event, path, body) {
        const node = event.currentTarget ?? event;
        const result = await busy(node, faults, () => post(`/approvals/${approval.id}/${path}`, body));
        if (result) changed(result);
    }

    async function deny(event) {
        const node = event.currentTarget;
        const reason = await askText(`Deny: ${approval.title}`, {
            label: "Reason",
            help: "Shown to whoever asked, and kept in the audit",
            button: "Deny",
            danger: true,
        });
        if (reason) await vote(node, "deny", { reason });
    }

    return [
        button("Approve", (event) => vote(event, "approve", {}), { class: "primary" }),
        button("Deny", deny, { class: "danger" }),
    ];
}

// As the chat says it.
export const approvalState = ({ state }) => stateNode(state === "pending" ? "waiting for approval" : state);

// Why there are no buttons.
export function whyNot(approval) {
    if (approval.state !== "pending" || approval.can_vote) return null;
    const text =
        approval.person === store.me.id
            ? "You asked for it yourself: somebody else has to decide."
            : "You are not among those who decide.";
    return h("span.quiet", text);
}

export function voteList(votes) {
    return votes.map((vote) =>
        h(
            "li",
            stateNode(vote.approve ? "approved" : "denied"),
            " by ",
            vote.person,
            vote.reason ? `: ${vote.reason}` : "",
            " ",
            h("span.quiet", moment(vote.at)),
        ),
    );
}
