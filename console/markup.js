// Our small markup as nodes: *bold*, `code`, [text](url); \ before one of \ * ` [ ] ( ) shows that character.
import { h, outside } from "./dom.js";

const MARKS = "\\*`[]()";
const PIECE_LIMIT = 4000; // what is longer is text, so that no text takes long

const isEscape = (text, at) => text[at] === "\\" && at + 1 < text.length && MARKS.includes(text[at + 1]);
const isWord = (character) => character !== undefined && /[0-9A-Za-z\u0080-\uffff]/.test(character);
const isSpace = (character) => character === undefined || /[ \t\n]/.test(character);
const unescape = (text) => text.replace(/\\([\\*`[\]()])/g, "$1");

// The next unescaped mark on this line, -1 if there is none.
function findMark(text, from, mark) {
    for (let at = from; at < text.length && text[at] !== "\n" && at - from <= PIECE_LIMIT; at++) {
        if (isEscape(text, at)) at++;
        else if (text[at] === mark) return at;
    }
    return -1;
}

// The signs touch the words inside and no words outside.
function boldEnd(text, at) {
    if (isWord(text[at - 1]) || isSpace(text[at + 1])) return -1;
    for (let end = findMark(text, at + 1, "*"); end >= 0; end = findMark(text, end + 1, "*"))
        if (end > at + 1 && !isSpace(text[end - 1]) && !isWord(text[end + 1])) return end;
    return -1;
}

function readLink(text, at) {
    const middle = findMark(text, at + 1, "]");
    if (middle <= at + 1 || text[middle + 1] !== "(") return null;
    const end = findMark(text, middle + 2, ")");
    const url = end < 0 ? "" : unescape(text.slice(middle + 2, end));
    if (!/^https?:\/\//.test(url)) return null;
    return { node: outside(unescape(text.slice(at + 1, middle)), url), end: end + 1 };
}

function readSpan(text, at, end, tag) {
    return end > at + 1 ? { node: h(tag, {}, unescape(text.slice(at + 1, end))), end: end + 1 } : null;
}

// The piece that starts at a mark; null when the mark is only itself.
function readMarked(text, at) {
    if (text[at] === "*") return readSpan(text, at, boldEnd(text, at), "strong");
    if (text[at] === "`") return readSpan(text, at, findMark(text, at + 1, "`"), "code");
    return text[at] === "[" ? readLink(text, at) : null;
}

// "#412" in plain words leads to the job.
function withJobs(text) {
    return text
        .split(/(?<![\w&/#])(#\d{1,18})(?!\w)/)
        .map((part, i) => (i % 2 === 1 ? h("a.job-number", { href: `/jobs/${part.slice(1)}` }, part) : part));
}

// The nodes of a text in our markup.
export function markup(text) {
    const nodes = [];
    let start = 0;
    for (let at = 0; at < text.length; at++) {
        if (isEscape(text, at)) {
            at++;
            continue;
        }
        const marked = "*`[".includes(text[at]) ? readMarked(text, at) : null;
        if (!marked) continue;
        nodes.push(withJobs(unescape(text.slice(start, at))), marked.node);
        start = marked.end;
        at = start - 1;
    }
    nodes.push(withJobs(unescape(text.slice(start))));
    return nodes;
}

export const plainWithJobs = withJobs;
