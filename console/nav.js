// The sidebar: channels, pages, who you are; on a phone the bar at the bottom and a sheet for the rest.
import { remove } from "./api.js";
import { h, replace } from "./dom.js";
import { icon, mark } from "./icons.js";
import { bindEverywhere, showKeys } from "./keyboard.js";
import { store, watch } from "./store.js";
import { on, streamState } from "./stream.js";

const PAGES = [
    ["jobs", "/jobs", "Jobs"],
    ["approvals", "/approvals", "Approvals"],
    ["environments", "/environments", "Environments"],
    ["audit", "/audit", "Audit"],
    ["commands", "/commands", "Commands"],
];
const CONNECTION = {
    connecting: "Connecting",
    live: "Live",
    broken: "Reconnecting",
    "signed out": "Signed out",
};

let page = "";
let heading = "";

export const channelUrl = (channel) => `/?channel=${encodeURIComponent(channel)}`;

function count(number, what) {
    return number > 0
        ? h("span.count", { "aria-label": `${number} ${what}` }, number > 99 ? "99+" : number)
        : null;
}

function channelLinks() {
    return store.channels.map(({ channel, direct, name }) =>
        h(
            "li",
            h(
                "a",
                {
                    href: channelUrl(channel),
                    "aria-current": page === "chat" && store.openChannel === channel ? "page" : null,
                },
                h("span.hash", { "aria-hidden": "true" }, direct ? icon("commands") : "#"),
                h("span.label", name),
                count(store.unread.get(channel) ?? 0, "unread"),
            ),
        ),
    );
}

function pageLink([name, href, label], className) {
    const waiting = name === "approvals" ? count(store.toDecide, "wait for you") : null;
    return h(
        "li",
        { class: className },
        h(
            "a",
            { href, "aria-current": page === name ? "page" : null },
            icon(name),
            h("span.label", label),
            waiting,
        ),
    );
}

function allUnread() {
    return [...store.unread.values()].reduce((sum, number) => sum + number, 0);
}

function chatLink() {
    return h(
        "li.only-phone",
        h(
            "a",
            { href: "/", "aria-current": page === "chat" ? "page" : null },
            icon("chat"),
            h("span.label", "Chat"),
            count(allUnread(), "unread"),
        ),
    );
}

function isDark() {
    const { theme } = document.documentElement.dataset;
    return theme === "dark" || (!theme && matchMedia("(prefers-color-scheme: dark)").matches);
}

function switchTheme() {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("theme", theme);
    draw();
}

async function signOut() {
    await remove("/session").catch(() => null);
    location.assign("/");
}

function tools() {
    return [
        h(
            "button",
            {
                type: "button",
                class: "tool",
                onclick: switchTheme,
                "aria-label": isDark() ? "Light theme" : "Dark theme",
                title: isDark() ? "Light theme (t)" : "Dark theme (t)",
            },
            icon(isDark() ? "light" : "dark"),
        ),
        h(
            "button",
            { type: "button", class: "tool", onclick: showKeys, "aria-label": "Keys", title: "Keys (?)" },
            icon("keys"),
        ),
        h(
            "button",
            { type: "button", class: "tool", onclick: signOut, "aria-label": "Sign out", title: "Sign out" },
            icon("out"),
        ),
    ];
}

function person() {
    return h(
        "div.who",
        h("span.avatar", { "aria-hidden": "true" }, initials(store.me.id)),
        h("span.who-name", { title: store.me.groups.join(", ") || null }, store.me.name),
    );
}

export const initials = (id) => (id ?? "?").slice(0, 2);

async function showMore() {
    const { showDialog } = await import("./dialog.js");
    const sheet = showDialog("More", [
        h(
            "ul.sheet",
            PAGES.slice(3).map((each) => pageLink(each, "")),
        ),
        h("div.sheet-who", person(), tools()),
    ]);
    sheet.classList.add("bottom");
    sheet.addEventListener("click", (event) => event.target.closest("a") && sheet.close());
}

function moreButton() {
    const isHere = page === "audit" || page === "commands";
    return h(
        "li.only-phone",
        h(
            "button",
            {
                type: "button",
                onclick: showMore,
                "aria-haspopup": "dialog",
                class: isHere ? "current" : null,
            },
            icon("more"),
            h("span.label", "More"),
        ),
    );
}

function drawConnection() {
    const state = streamState();
    const node = document.getElementById("connection");
    node.className = state === "live" ? "live" : "broken";
    replace(node, h("span.dot", { "aria-hidden": "true" }), CONNECTION[state]);
    document.body.classList.toggle("is-broken", state === "broken");
}

function drawTitle() {
    const number = allUnread() + store.toDecide;
    document.title = `${number > 0 ? `(${number}) ` : ""}${heading && heading !== "opsroom" ? `${heading} · ` : ""}opsroom`;
}

// What is drawn anew keeps the focus.
function keepFocus(change) {
    const key = (node) => node.getAttribute("href") ?? node.getAttribute("aria-label") ?? node.textContent;
    const focused = document.activeElement?.closest("#nav a, #nav button");
    const wanted = focused && key(focused);
    change();
    if (focused)
        [...document.querySelectorAll("#nav a, #nav button")].find((node) => key(node) === wanted)?.focus();
}

function draw() {
    if (store.me) keepFocus(drawAll);
}

function drawAll() {
    replace(document.getElementById("channels"), channelLinks());
    replace(
        document.getElementById("pages"),
        chatLink(),
        PAGES.map((each, i) => pageLink(each, i > 2 ? "not-phone" : "")),
        moreButton(),
    );
    replace(document.getElementById("person"), person(), h("div.tools", tools()));
    drawConnection();
    drawTitle();
}

export function setTitle(text) {
    heading = text;
    drawTitle();
}

export function setPage(name) {
    page = name;
    draw();
}

export function startNav() {
    replace(document.getElementById("brand"), mark(), "opsroom");
    watch(draw);
    on("state", drawConnection);
    bindEverywhere("t", switchTheme);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    document.body.classList.add("is-signed-in");
    draw();
}
