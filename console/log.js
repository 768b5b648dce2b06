// A job's log: read in pieces, shown in chunks, followed to its end; only so many lines are in the page.
import { get } from "./api.js";
import { coloured, plain } from "./ansi.js";
import { announce, h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { bind } from "./keyboard.js";
import { logSearch } from "./log_search.js";
import { button, failure } from "./page.js";
import { plural } from "./words.js";

const CHUNK = 250; // lines that the browser lays out together
const IN_PAGE = 4000; // lines in the page at most while the end is followed
const EARLIER = 2000; // lines added above at once
const NEAR_PX = 40;

export function logView(job, signal) {
    const lines = []; // all that was read
    let first = 0; // number of the first line in the page
    let shown = 0; // number of the line behind the last one in the page
    let position = 0; // bytes read
    let rest = ""; // the line that has no end yet
    let restNode = null;
    let follows = true;
    let reading = false;
    let again = false;
    let isOver = false;

    const faults = h("div.faults");
    const body = h("div.log-lines");
    const earlier = button("Show earlier lines", () => showEarlier(), { class: "log-earlier", hidden: true });
    const box = h(
        "div.log-box",
        { tabindex: "0", role: "region", "aria-label": "Lines of the log" },
        earlier,
        body,
    );
    const jump = button([icon("down"), h("span", "Follow")], () => follow(true), {
        class: "jump",
        hidden: true,
    });
    const total = h("span.log-total");
    const search = logSearch({ lines, reveal, signal });
    const wrap = button(
        icon("wrap"),
        () => {
            const on = box.classList.toggle("wraps");
            wrap.setAttribute("aria-pressed", String(on));
        },
        { class: "tool", "aria-label": "Wrap long lines", title: "Wrap long lines", "aria-pressed": "false" },
    );
    const copy = button(icon("copy"), copyAll, {
        class: "tool",
        "aria-label": "Copy the log",
        title: "Copy the log",
    });
    const node = h(
        "section.log",
        { "aria-label": "Log" },
        h("div.log-head", h("h2", "Log"), total, search.node, wrap, copy),
        faults,
        h("div.log-frame", box, jump),
    );

    function lineNode(number) {
        return h("div.log-line", { data: { n: number + 1 } }, coloured(lines[number]), "\n");
    }

    function chunkNode(from, to) {
        const nodes = [];
        for (let i = from; i < to; i++) nodes.push(lineNode(i));
        return h("div.log-chunk", { data: { from, to } }, nodes);
    }

    // New lines go into the last chunk until it is full.
    function append(to) {
        while (shown < to) {
            const last = body.lastElementChild;
            const room = last && last !== restNode ? CHUNK - last.childElementCount : 0;
            const end = Math.min(to, shown + (room > 0 ? room : CHUNK));
            if (room > 0) {
                for (let i = shown; i < end; i++) last.append(lineNode(i));
                last.dataset.to = end;
            } else {
                body.append(chunkNode(shown, end));
            }
            shown = end;
        }
    }

    function dropOldest() {
        while (follows && shown - first > IN_PAGE + CHUNK && body.childElementCount > 2) {
            first = Number(body.firstElementChild.dataset.to);
            body.firstElementChild.remove();
        }
        earlier.hidden = first === 0;
    }

    function showEarlier() {
        const before = box.scrollHeight - box.scrollTop;
        const from = Math.max(0, first - EARLIER);
        const nodes = [];
        follow(false);
        for (let at = from; at < first; at += CHUNK) nodes.push(chunkNode(at, Math.min(at + CHUNK, first)));
        body.prepend(...nodes);
        first = from;
        earlier.hidden = first === 0;
        box.scrollTop = box.scrollHeight - before;
    }

    // Far from what is in the page: begin there anew.
    function reveal(number) {
        follow(false);
        if (number < first || number >= shown) {
            first = Math.max(0, number - CHUNK);
            shown = first;
            replace(body);
            append(Math.min(lines.length, first + IN_PAGE));
            earlier.hidden = first === 0;
        }
        const line = body.querySelector(`[data-n="${number + 1}"]`);
        line?.scrollIntoView({ block: "center" });
        return line;
    }

    function toEnd() {
        box.scrollTop = box.scrollHeight;
    }

    function follow(on) {
        follows = on;
        jump.hidden = on;
        if (!on) return;
        if (shown < lines.length && lines.length - shown > IN_PAGE) {
            replace(body);
            first = lines.length - IN_PAGE;
            shown = first;
        }
        append(lines.length);
        dropOldest();
        toEnd();
    }

    function drawRest() {
        restNode?.remove();
        restNode =
            rest === ""
                ? null
                : h("div.log-line.log-rest", { data: { n: lines.length + 1 } }, coloured(rest));
        if (restNode) body.append(restNode);
    }

    function take(text) {
        const parts = (rest + text).split("\n");
        rest = parts.pop();
        for (const part of parts) lines.push(part);
        node.classList.remove("is-empty");
        restNode?.remove();
        restNode = null;
        if (lines.length - shown > IN_PAGE && follows) {
            replace(body);
            first = lines.length - IN_PAGE;
            shown = first;
        }
        if (follows || shown - first < IN_PAGE) append(lines.length);
        if (shown === lines.length) drawRest();
        dropOldest();
        replace(total, plural(lines.length + (rest === "" ? 0 : 1), "line"));
        search.refresh();
        if (follows) toEnd();
    }

    const pause = () =>
        new Promise((resolve) => {
            requestAnimationFrame(resolve);
        });

    async function readOn() {
        for (;;) {
            const page = await get(`/jobs/${job}/log`, { after: position }, signal);
            const isMore = page.next > position;
            position = page.next;
            if (page.text !== "") take(page.text);
            isOver = page.end;
            if (!isMore || isOver) return;
            await pause(); // the page stays usable meanwhile
        }
    }

    // Reads what is new; asked again meanwhile, once more.
    async function read() {
        if (reading) {
            again = true;
            return;
        }
        reading = true;
        try {
            do {
                again = false;
                await readOn();
            } while (again && !signal.aborted);
            replace(faults);
        } catch (error) {
            if (error.name !== "AbortError") replace(faults, failure(error));
        }
        reading = false;
    }

    async function copyAll() {
        const text = [...lines, ...(rest === "" ? [] : [rest])].map(plain).join("\n");
        try {
            await navigator.clipboard.writeText(text);
            announce("Copied");
            copy.classList.add("is-done");
            setTimeout(() => copy.classList.remove("is-done"), 1200);
        } catch {
            getSelection().selectAllChildren(body);
        }
    }

    box.addEventListener(
        "scroll",
        () => {
            const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
            if (isAtEnd !== follows && (isAtEnd ? shown === lines.length : true)) {
                follows = isAtEnd;
                jump.hidden = isAtEnd;
            } else if (isAtEnd && shown < lines.length) {
                append(Math.min(lines.length, shown + EARLIER));
            }
        },
        { passive: true, signal },
    );
    bind("f", () => follow(true), signal);
    node.classList.add("is-empty");
    return { node, read, isOver: () => isOver };
}
