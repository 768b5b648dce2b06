// Which page an address means; links stay in the page.  A page lives until its signal is aborted.
import { h, replace } from "./dom.js";

const ROUTES = [
    [/^\/$/, "chat", () => import("./chat.js")],
    [/^\/jobs$/, "jobs", () => import("./jobs.js")],
    [/^\/jobs\/(\d+)$/, "jobs", () => import("./job.js")],
    [/^\/approvals$/, "approvals", () => import("./approvals.js")],
    [/^\/environments$/, "environments", () => import("./environments.js")],
    [/^\/audit$/, "audit", () => import("./audit.js")],
    [/^\/commands$/, "commands", () => import("./commands.js")],
];

let current = new AbortController();
let main = null;
let opened = () => {};

function find(path) {
    for (const [pattern, name, load] of ROUTES) {
        const found = pattern.exec(path);
        if (found) return { name, load, params: found.slice(1) };
    }
    return { name: "", load: () => import("./missing.js"), params: [] };
}

// The chat, which most begin with, does without the styles of the other pages.
let styles = null;
function loadStyles() {
    styles ??= new Promise((resolve) => {
        const link = h("link", { rel: "stylesheet", href: "/pages.css", onload: resolve, onerror: resolve });
        document.head.append(link);
    });
    return styles;
}

// Focus is on the new heading, unless the page has put it elsewhere.
function moveFocus(isFirst) {
    const heading = main.querySelector("h1");
    if (!isFirst && heading && !main.contains(document.activeElement)) heading.focus({ preventScroll: true });
}

// Begins to load what the address needs, while it is not yet known who is there.
export function warm() {
    const route = find(location.pathname);
    route.load();
    if (route.name !== "chat") loadStyles();
}

async function show(isFirst) {
    const route = find(location.pathname);
    current.abort();
    current = new AbortController();
    const { signal } = current;
    const root = h("div", { class: `page page-${route.name}` });
    const [page] = await Promise.all([route.load(), route.name === "chat" ? null : loadStyles()]);
    if (signal.aborted) return;
    replace(main, root);
    opened(route.name);
    await page.open({
        root,
        signal,
        params: route.params,
        query: new URLSearchParams(location.search),
        isFirst,
    });
    if (!signal.aborted) moveFocus(isFirst);
}

export function navigate(url) {
    if (url !== location.pathname + location.search) history.pushState(null, "", url);
    return show(false);
}

// The address tells what is shown, without a new page: filters.
export const setQuery = (query) => {
    const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
    history.replaceState(null, "", search.size > 0 ? `${location.pathname}?${search}` : location.pathname);
};

function follow(event) {
    const link = event.target.closest?.("a[href]");
    const isPlain =
        event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || event.defaultPrevented || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || /^\/(api|signin)\//.test(link.pathname) || link.hash) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
}

export function startRouter(element, onOpened) {
    main = element;
    opened = onOpened;
    document.addEventListener("click", follow);
    addEventListener("popstate", () => show(false));
    return show(true);
}
