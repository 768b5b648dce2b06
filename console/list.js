// Rows that one walks through with j, k and the arrows; one of them is in the order of Tab.
import { bind } from "./keyboard.js";

const MOVES = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

// rows(): the elements that take the focus, in order.
export function walk(rows, signal, { fromEnd = false } = {}) {
    function choose(row) {
        rows().forEach((each) => each.setAttribute("tabindex", each === row ? "0" : "-1"));
        row.focus();
        row.scrollIntoView({ block: "nearest" });
    }

    function move(step) {
        const all = rows();
        if (all.length === 0) return false;
        const at = all.findIndex((row) => row.contains(document.activeElement));
        const first = fromEnd ? all.length - 1 : 0;
        const next = at < 0 ? first : Math.min(Math.max(at + step, 0), all.length - 1);
        choose(all[next]);
        return true;
    }

    Object.entries(MOVES).forEach(([key, step]) => bind(key, () => move(step), signal));
    bind("Home", () => rows()[0] && choose(rows()[0]), signal);
    bind("End", () => rows().at(-1) && choose(rows().at(-1)), signal);
}
