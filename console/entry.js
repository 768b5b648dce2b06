// One line of the chat: who, when, and what was said; the same element for all versions of it.
import { h, newId, replace } from "./dom.js";
import { mark } from "./icons.js";
import { messageView } from "./message.js";
import { initials } from "./nav.js";
import { clock, dayName, exact, isSameDay } from "./time.js";

const VIA = { button: "by button", form: "by form" };
const GROUP_MS = 5 * 60 * 1000;

function authorOf(entry) {
    return entry.kind === "message" ? "opsroom" : (entry.person ?? entry.user ?? "somebody");
}

function avatar(entry) {
    return entry.kind === "message"
        ? h("span.avatar.bot", { "aria-hidden": "true" }, mark())
        : h("span.avatar", { "aria-hidden": "true" }, initials(authorOf(entry)));
}

function timeNode(entry) {
    return h("time", { datetime: entry.at, title: exact(entry.at) }, clock(entry.at));
}

// What a person typed: a command stands in the letters of commands.
function inputNode(entry) {
    return h(
        "p",
        { class: entry.job ? "said is-command" : "said" },
        entry.text ?? "",
        VIA[entry.via] ? h("span.via", VIA[entry.via]) : null,
    );
}

function nameParts(entry) {
    return [
        h("span.author", authorOf(entry)),
        " ",
        timeNode(entry),
        entry.only_for_you ? [" ", h("span.only-you", "only you see this")] : null,
    ];
}

// The first words, for the live region.
export function spoken(entry) {
    const { message } = entry;
    if (entry.kind === "input") return `${authorOf(entry)}: ${entry.text ?? ""}`.slice(0, 200);
    return `opsroom: ${message.title ?? message.text ?? ""}`
        .replace(/(running|waiting), .*$/, "$1")
        .slice(0, 200);
}

export function entryView(first) {
    const nameId = newId("name");
    const name = h("div.entry-name", { id: nameId }, nameParts(first));
    const day = h("div.day", { hidden: true }, h("span", dayName(first.at)));
    const body = h("div.entry-body");
    const article = h(
        "article",
        {
            class: `entry from-${first.kind}`,
            tabindex: "-1",
            "aria-labelledby": nameId,
            data: { id: first.id },
        },
        h(
            "div.entry-side",
            avatar(first),
            h(
                "time",
                { datetime: first.at, class: "side-time", "aria-hidden": "true", title: exact(first.at) },
                clock(first.at),
            ),
        ),
        h("div.entry-main", name, body),
    );
    const node = h("div.entry-box", day, article);
    const view = first.kind === "message" ? messageView(first.id) : null;
    const self = { entry: first, node, article, show, arrange };
    if (view) body.append(view.node);

    function show(entry) {
        self.entry = entry;
        article.classList.toggle("only-for-you", Boolean(entry.only_for_you));
        if (view) view.show(entry.message, entry.updated_at ?? entry.at);
        else replace(body, inputNode(entry));
    }

    // By what stands before it: a new day, or more from the same one.
    function arrange(before) {
        const isNewDay = !before || !isSameDay(before.at, first.at);
        const isMore =
            !isNewDay &&
            authorOf(before) === authorOf(first) &&
            !first.only_for_you &&
            !before.only_for_you &&
            Date.parse(first.at) - Date.parse(before.at) < GROUP_MS;
        day.hidden = !isNewDay;
        article.classList.toggle("is-more", isMore);
    }

    show(first);
    return self;
}
