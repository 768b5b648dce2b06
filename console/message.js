// What opsroom says: title, text and blocks as elements; a new version replaces only the blocks that differ.
import { messageButtons } from "./buttons.js";
import { h, jobLink, outside } from "./dom.js";
import { markup, plainWithJobs } from "./markup.js";
import { stepList } from "./steps.js";
import { dataTable } from "./table.js";
import { splitTitle, titleState, toneSign } from "./words.js";

// A commit's id as git shortens it; the whole is on hover.
export function factValue(value) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return /^[0-9a-f]{40}$/.test(text) ? h("code", { title: text }, text.slice(0, 7)) : plainWithJobs(text);
}

// What was resolved and what came out often say the same twice.
function facts(list) {
    const seen = new Map(list.map((fact) => [`${fact.name} ${fact.value}`, fact]));
    return h(
        "dl.facts",
        [...seen.values()].map(({ name, value }) => h("div", h("dt", name), h("dd", factValue(value)))),
    );
}

export const codeBox = (text, label) =>
    h("pre.code", { tabindex: "0", role: "region", "aria-label": label }, h("code", text));

// Rare, so it is loaded when the first one is there.
function formNode(block) {
    const node = h("div");
    import("./form.js").then(({ questionForm }) => node.append(questionForm(block)));
    return node;
}

// at: when the message was written; entry: its id in the chat, null where buttons make no sense.
const BLOCKS = {
    text: (block) => h("p.text", markup(block.text)),
    code: (block) => codeBox(block.text, "Output"),
    facts: (block) => (block.facts.length > 0 ? facts(block.facts) : null),
    table: (block) => dataTable(block.columns, block.rows),
    steps: (block, { at }) => stepList(block.steps, at),
    link: (block) => h("p.text", outside(block.text, block.url)),
    image: (block) => h("p.text", outside(`Image: ${block.alt || block.url}`, block.url)),
    buttons: (block, { entry, title, number }) =>
        entry ? messageButtons(block.buttons, number, entry, title) : null,
    form: formNode,
};

// Beside the first line, whatever that is.
const withNumber = (message, node) =>
    message.job
        ? h("div", { class: node ? "headline" : "headline is-alone" }, node, jobLink(message.job))
        : node;

const CARD_BLOCKS = ["facts", "steps", "buttons", "form"]; // what is worked with stands in a frame

function titleNode(message, at) {
    const split = splitTitle(message.title);
    return withNumber(
        message,
        h(
            "p.title",
            split.state
                ? [h("strong", split.subject, ":"), " ", titleState(split, at)]
                : [
                      toneSign(message.tone),
                      message.tone && message.tone !== "plain" ? " " : null,
                      h("strong", plainWithJobs(message.title)),
                  ],
        ),
    );
}

// An answer without a title begins with its sign.
function textNode(message) {
    const sign = message.title ? null : toneSign(message.tone);
    const node = h("p.text", sign, sign ? " " : null, markup(message.text));
    return message.title ? node : withNumber(message, node);
}

function pieces(message, at) {
    const list = [];
    let buttons = 0;
    if (message.title)
        list.push({ key: `title ${message.tone} ${message.title}`, make: () => titleNode(message, at) });
    if (!message.title && !message.text && message.job)
        list.push({ key: `number ${message.job}`, make: () => withNumber(message, null) });
    if (message.text)
        list.push({
            key: `text ${message.title ? "" : message.tone} ${message.text}`,
            make: () => textNode(message),
        });
    for (const block of message.blocks ?? []) {
        const number = buttons;
        const title = message.title && splitTitle(message.title).subject;
        if (block.kind === "buttons") buttons += block.buttons.length;
        if (BLOCKS[block.kind])
            list.push({
                key: JSON.stringify(block),
                make: (entry) => BLOCKS[block.kind](block, { at, entry, title, number }),
            });
    }
    return list;
}

// A message that can be shown anew: view.node, view.show(message, at).
export function messageView(entry) {
    const node = h("div.message");
    let shown = new Map();

    function show(message, at) {
        const next = new Map();
        const nodes = pieces(message, at).map(({ key, make }) => {
            const piece = next.has(key) ? make(entry) : (shown.get(key) ?? make(entry));
            next.set(key, piece);
            return piece;
        });
        const wanted = nodes.filter((each) => each !== null);
        if (wanted.length !== node.childNodes.length || wanted.some((each, i) => each !== node.childNodes[i]))
            putInPlace(node, wanted);
        node.classList.toggle(
            "is-card",
            Boolean(message.title) && (message.blocks ?? []).some(({ kind }) => CARD_BLOCKS.includes(kind)),
        );
        shown = next;
    }

    return { node, show };
}

// Pieces that stay are not taken out of the page: they keep focus and scroll place.
function putInPlace(node, wanted) {
    [...node.childNodes].filter((each) => !wanted.includes(each)).forEach((each) => each.remove());
    wanted.forEach((each, i) => {
        if (node.childNodes[i] !== each) node.insertBefore(each, node.childNodes[i] ?? null);
    });
}

export function messageNode(message, at) {
    const view = messageView(null);
    view.show(message, at);
    return view.node;
}
