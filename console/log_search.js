// Search in a log: all lines that were read, also those that are not in the page.
import { plain } from "./ansi.js";
import { h, setText } from "./dom.js";
import { icon } from "./icons.js";
import { bind } from "./keyboard.js";

const WAIT_MS = 150;

// lines: the growing array; reveal(number) brings a line into the page and returns its element.
export function logSearch({ lines, reveal, signal }) {
    const field = h("input", {
        type: "search",
        "aria-label": "Search in the log",
        placeholder: "Search",
        autocomplete: "off",
        spellcheck: "false",
    });
    const result = h("span.search-result", { role: "status" });
    const node = h("div.log-search", icon("search"), field, result);
    let found = [];
    let searched = 0; // lines looked at
    let at = -1;
    let marked = null;
    let timer = null;

    function look(from) {
        const wanted = field.value.toLowerCase();
        for (let i = from; i < lines.length; i++)
            if (plain(lines[i]).toLowerCase().includes(wanted)) found.push(i);
        searched = lines.length;
    }

    function draw() {
        if (field.value === "") setText(result, "");
        else setText(result, found.length === 0 ? "none" : `${at + 1} of ${found.length}`);
    }

    function go(step) {
        if (found.length === 0) return;
        at = (at + step + found.length) % found.length;
        marked?.classList.remove("is-found");
        marked = reveal(found[at]);
        marked?.classList.add("is-found");
        draw();
    }

    function start() {
        found = [];
        at = -1;
        marked?.classList.remove("is-found");
        if (field.value !== "") {
            look(0);
            go(1);
        }
        draw();
    }

    field.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(start, WAIT_MS);
    });
    field.addEventListener("keydown", (event) => {
        if (event.key === "Enter") {
            event.preventDefault();
            go(event.shiftKey ? -1 : 1);
        } else if (event.key === "Escape" && field.value !== "") {
            event.preventDefault();
            field.value = "";
            start();
        }
    });
    bind("/", () => field.focus(), signal);
    return {
        node,
        refresh() {
            if (field.value !== "") {
                look(searched);
                draw();
            }
        },
    };
}
