// Completion of commands and arguments while one types: a list above the field, taken with Tab, arrows or a click.
import { get } from "./api.js";
import { announce, h, newId, replace } from "./dom.js";
import { plural } from "./words.js";

const WAIT_MS = 60;
const SHOWN = 50;

// The line with what was chosen: a command's name replaces all that was typed of it, everything else the last word.
function complete(line, item) {
    const head = item.kind === "command" ? "" : line.replace(/\S*$/, "");
    return `${head}${item.text} `;
}

// field: the textarea; lineOf(text): {prefix, line} or null where nothing is to be completed.
export function completion(field, { channel, lineOf, signal }) {
    const id = newId("completion");
    const node = h("ul.completion", { id, role: "listbox", "aria-label": "Completions", hidden: true });
    let items = [];
    let chosen = -1;
    let timer = null;
    let request = null;

    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", id);

    function close() {
        clearTimeout(timer);
        request?.abort();
        items = [];
        chosen = -1;
        node.hidden = true;
        field.removeAttribute("aria-activedescendant");
    }

    function option(item, i) {
        return h(
            "li",
            {
                role: "option",
                id: `${id}-${i}`,
                "aria-selected": "false",
                onpointerdown: (event) => {
                    event.preventDefault(); // the field keeps the focus
                    take(i);
                },
            },
            h("code", item.text),
            h("span.option-help", item.help),
            h("span.option-kind", item.kind),
        );
    }

    function choose(i) {
        chosen = i;
        [...node.children].forEach((each, at) => each.setAttribute("aria-selected", String(at === i)));
        node.children[i]?.scrollIntoView({ block: "nearest" });
        if (i >= 0) field.setAttribute("aria-activedescendant", `${id}-${i}`);
        else field.removeAttribute("aria-activedescendant");
    }

    function show(found) {
        items = found.slice(0, SHOWN);
        replace(node, items.map(option));
        node.hidden = items.length === 0;
        choose(-1);
        if (items.length > 0) announce(plural(items.length, "completion"));
    }

    function take(i) {
        const { prefix, line } = lineOf(field.value);
        field.value = prefix + complete(line, items[i]);
        close();
        field.focus();
        field.dispatchEvent(new Event("input", { bubbles: true }));
    }

    // What is typed in full already is no completion.
    const isNews = (line, item) => complete(line, item).trimEnd() !== line.trimEnd();

    async function look() {
        const typed = lineOf(field.value);
        request?.abort();
        request = new AbortController();
        if (typed === null || typed.line.includes("\n") || field.selectionStart !== field.value.length)
            return close();
        const { signal: stop } = request;
        const page = await get("/complete", { line: typed.line, channel }, stop).catch(() => null);
        if (page && !stop.aborted && document.activeElement === field)
            show(page.items.filter((item) => isNews(typed.line, item)));
        return null;
    }

    function key(event) {
        if (node.hidden) return false;
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (step) choose((chosen + step + items.length + (chosen < 0 && step < 0 ? 1 : 0)) % items.length);
        else if (event.key === "Tab" && !event.shiftKey) take(Math.max(chosen, 0));
        else if (chosen >= 0 && (event.key === "Enter" || event.key === "ArrowRight")) take(chosen);
        else if (event.key === "Escape") close();
        else return false;
        event.preventDefault();
        event.stopPropagation();
        return true;
    }

    field.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(look, WAIT_MS);
    });
    field.addEventListener("blur", close);
    signal.addEventListener("abort", close);
    return { node, key, close };
}
