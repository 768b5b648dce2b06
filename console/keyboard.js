// Single keys for everything one does often; they do nothing while a field has the focus.
import { navigate } from "./router.js";

const PAGES = { c: "/", j: "/jobs", a: "/approvals", e: "/environments", u: "/audit", h: "/commands" };
const GO_MS = 1500;

let goUntil = 0;
const own = new Map(); // keys of the page that is open

// The page's key until its signal is aborted.
export function bind(key, action, signal) {
    own.set(key, action);
    signal.addEventListener("abort", () => own.get(key) === action && own.delete(key));
}

const isField = (node) =>
    node.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;

export async function showKeys() {
    const keys = await import("./keys.js");
    keys.show();
}

function go(key) {
    goUntil = 0;
    if (!PAGES[key]) return false;
    navigate(PAGES[key]);
    return true;
}

function act(key) {
    if (performance.now() < goUntil) return go(key);
    if (key === "g") {
        goUntil = performance.now() + GO_MS;
        return true;
    }
    const action = own.get(key) ?? common[key];
    return action ? action() !== false : false;
}

const common = { "?": showKeys };

export const bindEverywhere = (key, action) => {
    common[key] = action;
};

function press(event) {
    if (
        event.defaultPrevented ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        document.querySelector("dialog[open]")
    )
        return;
    if (isField(event.target)) {
        if (event.key === "Escape") event.target.blur();
        return;
    }
    if (act(event.key)) event.preventDefault();
}

export function startKeyboard() {
    document.addEventListener("keydown", press);
}
