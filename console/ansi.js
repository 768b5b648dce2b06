// Terminal sequences in logs: colours become classes, everything else is left out.
import { h } from "./dom.js";

const SEQUENCE =
    /\u001b(?:\[([0-9;]*)([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[()][A-Za-z0-9]|[=>78cDEHMNOZ])/g;
const COLOURS = {
    1: "bold",
    2: "dim",
    31: "bad",
    32: "good",
    33: "warn",
    34: "live",
    35: "live",
    36: "live",
    90: "dim",
    91: "bad",
    92: "good",
    93: "warn",
    94: "live",
    96: "live",
};

export function plain(text) {
    const line = text.includes("\u001b") ? text.replace(SEQUENCE, "") : text;
    // A progress bar writes over itself: its last state is what a terminal shows.
    const end = line.replace(/\r+$/, "");
    return end.includes("\r") ? end.slice(end.lastIndexOf("\r") + 1) : end;
}

function apply(classes, codes) {
    for (const code of codes === "" ? ["0"] : codes.split(";")) {
        if (code === "0") classes.clear();
        else if (code === "22") ["bold", "dim"].forEach((each) => classes.delete(each));
        else if (code === "39")
            ["good", "bad", "warn", "live", "dim"].forEach((each) => classes.delete(each));
        else if (COLOURS[code]) classes.add(COLOURS[code]);
    }
}

// The nodes of one line.
export function coloured(text) {
    if (!text.includes("\u001b")) return [plain(text)];
    const nodes = [];
    const classes = new Set();
    let start = 0;
    const add = (piece) =>
        piece && nodes.push(classes.size > 0 ? h("span", { class: [...classes].join(" ") }, piece) : piece);
    for (const match of text.matchAll(SEQUENCE)) {
        add(text.slice(start, match.index));
        if (match[2] === "m") apply(classes, match[1]);
        start = match.index + match[0].length;
    }
    add(text.slice(start).replace(/\r+$/, ""));
    return nodes;
}
