// The field at the bottom of the chat: sends, completes, remembers; what could not be sent is not lost.
import { post, requestId } from "./api.js";
import { completion } from "./completion.js";
import { h, newId, replace } from "./dom.js";
import { icon } from "./icons.js";
import { bind } from "./keyboard.js";
import { failure } from "./page.js";
import { channelName, commandNames } from "./store.js";

const OPENING = /^(?:@opsroom |\/ops |!)/;
const LIMIT_BYTES = 16 * 1024;
const LINES_KEPT = 100;
const LINE_KEPT_LENGTH = 500;
const drafts = new Map(); // channel -> text, while this page lives

function readLines() {
    try {
        return JSON.parse(localStorage.getItem("lines") ?? "[]");
    } catch {
        return [];
    }
}

// Commands only, without what they are addressed with: they can be called back in every channel.
function keepLine(line) {
    const lines = [line, ...readLines().filter((each) => each !== line)].slice(0, LINES_KEPT);
    localStorage.setItem("lines", JSON.stringify(lines.filter((each) => each.length < LINE_KEPT_LENGTH)));
}

// direct: everything said here is a command.
export function composer({ channel, direct, signal }) {
    const id = newId("composer");
    const name = channelName(channel);
    const field = h("textarea", {
        id,
        rows: "1",
        "aria-label": `Message to ${name}`,
        enterkeyhint: "send",
        spellcheck: direct ? "false" : null,
        autocomplete: "off",
        autocapitalize: "off",
        "aria-describedby": `${id}-hint`,
        placeholder: direct ? "Type a command, for example status" : `Message ${name}, or ! and a command`,
    });
    const hint = h("p.composer-hint", { id: `${id}-hint` });
    const faults = h("div.faults");
    let recalled = -1;
    let names = [];
    let pending = null; // {text, id}: sent, and not answered yet

    function lineOf(text) {
        const opening = direct ? "" : OPENING.exec(text)?.[0];
        return opening === undefined ? null : { prefix: opening, line: text.slice(opening.length) };
    }

    const words = completion(field, { channel, lineOf, signal });

    // In a channel: words that look like a command and are not addressed to opsroom.
    const looksLikeCommand = () =>
        !direct &&
        !OPENING.test(field.value) &&
        names.some((command) => `${field.value} `.startsWith(`${command} `));

    function drawHint() {
        if (looksLikeCommand())
            replace(hint, h("kbd", "Enter"), " says it to people, ", h("kbd", "Ctrl Enter"), " runs it");
        else
            replace(
                hint,
                h("kbd", "Enter"),
                " sends",
                h(
                    "span.wide-only",
                    ", ",
                    h("kbd", "Tab"),
                    " completes, ",
                    h("kbd", "↑"),
                    " brings the last one back",
                ),
            );
    }

    function fit() {
        field.style.height = "auto";
        field.style.height = `${Math.min(field.scrollHeight + 2, 200)}px`;
        send.classList.toggle("primary", field.value.trim() !== "");
    }

    function setText(text) {
        field.value = text;
        drafts.set(channel, text);
        fit();
        drawHint();
    }

    // The same id when it is the same text again: a send whose answer was lost is not sent twice.
    async function deliver(text) {
        if (pending?.text !== text) pending = { text, id: requestId() };
        await post("/messages", { channel, text, id: pending.id });
        pending = null;
    }

    async function submit(asCommand) {
        const text = (asCommand && looksLikeCommand() ? "!" : "") + field.value.trim();
        if (text === "" || send.getAttribute("aria-busy") === "true") return;
        if (new TextEncoder().encode(text).length > LIMIT_BYTES) {
            replace(
                faults,
                failure({ message: "That is longer than 16 KB: shorten it, or put it in a file" }),
            );
            return;
        }
        words.close();
        send.setAttribute("aria-busy", "true");
        replace(faults);
        try {
            setText("");
            await deliver(text);
            if (lineOf(text)) keepLine(lineOf(text).line);
        } catch (error) {
            setText(text);
            replace(
                faults,
                failure({ message: `${error.message}. It was not sent: press Enter to try again` }),
            );
        }
        send.removeAttribute("aria-busy");
        recalled = -1;
    }

    const send = h(
        "button",
        { type: "button", class: "send", "aria-label": "Send", onclick: () => submit(false) },
        icon("send"),
    );

    function recall(step) {
        const lines = readLines();
        recalled = Math.min(Math.max(recalled + step, -1), lines.length - 1);
        setText(recalled < 0 ? "" : (direct ? "" : "!") + lines[recalled]);
    }

    function key(event) {
        if (event.isComposing || words.key(event)) return;
        if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault();
            submit(event.ctrlKey || event.metaKey);
        } else if (event.key === "ArrowUp" && (field.value === "" || recalled >= 0)) {
            event.preventDefault();
            recall(1);
        } else if (event.key === "ArrowDown" && recalled >= 0) {
            event.preventDefault();
            recall(-1);
        }
    }

    field.addEventListener("keydown", key);
    field.addEventListener("input", () => {
        recalled = -1;
        drafts.set(channel, field.value);
        fit();
        drawHint();
    });
    bind("/", () => field.focus(), signal);
    commandNames().then((all) => {
        names = all;
    });
    drawHint();

    const node = h("div.composer", faults, words.node, h("div.composer-field", field, send), hint);
    return {
        node,
        focus: () => field.focus(),
        // Puts a line in to be looked at and sent.
        offer(text) {
            setText(text);
            field.focus();
            field.dispatchEvent(new Event("input", { bubbles: true }));
        },
        restore: () => setText(drafts.get(channel) ?? ""),
    };
}
