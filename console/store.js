// Who reads, which channels there are, what was not read yet, what waits for this person.
import { get } from "./api.js";
import { on } from "./stream.js";
import { now } from "./time.js";

export const store = {
    me: null,
    channels: [],
    commands: null,
    unread: new Map(), // channel -> number
    toDecide: 0, // approvals that wait for this person
    openChannel: null, // what is on the screen now
};

const watchers = new Set();

export function watch(watcher, signal) {
    watchers.add(watcher);
    signal?.addEventListener("abort", () => watchers.delete(watcher));
}

export const changed = () => watchers.forEach((watcher) => watcher());

export async function loadMe() {
    const me = await get("/me");
    store.me = me.person;
    store.channels = me.channels;
    store.version = me.version;
    changed();
}

// Names of the commands of this person, loaded once.
export async function commandNames() {
    store.commands ??= get("/commands").then(
        ({ items }) => items.map((command) => command.name),
        () => [],
    );
    return store.commands;
}

export async function countApprovals() {
    try {
        const page = await get("/approvals", { state: "pending", limit: 200 });
        store.toDecide = page.items.filter((approval) => approval.can_vote).length;
    } catch {
        store.toDecide = 0;
    }
    changed();
}

// The page shows this channel now; null: none.
export function showChannel(channel) {
    store.openChannel = channel;
    store.unread.delete(channel);
    changed();
}

function isRead(entry) {
    return entry.person === store.me?.id || (entry.place === store.openChannel && !document.hidden);
}

const known = new Set();
const start = new Date(now()).toISOString();

// The first time that an entry is seen; an edit of an old one is nothing new.
function count(entry) {
    if (known.has(entry.id)) return;
    known.add(entry.id);
    if (!entry.place || entry.at < start || isRead(entry)) return;
    store.unread.set(entry.place, (store.unread.get(entry.place) ?? 0) + 1);
    changed();
}

export function startStore() {
    let timer = null;
    on("message", count);
    on("input", count);
    on("resync", countApprovals);
    on("approval", () => {
        clearTimeout(timer);
        timer = setTimeout(countApprovals, 150);
    });
    document.addEventListener("visibilitychange", () => {
        if (!document.hidden && store.openChannel) showChannel(store.openChannel);
    });
}

export const channelName = (channel) => {
    const found = store.channels.find((each) => each.channel === channel);
    if (!found) return channel;
    return found.direct ? found.name : `#${found.name}`;
};
