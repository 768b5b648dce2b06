// The chat's history: entries by time, each once; older pages when one scrolls up; the end stays in view while it is.
import { get } from "./api.js";
import { announce, h, replace } from "./dom.js";
import { entryView, spoken } from "./entry.js";
import { icon } from "./icons.js";
import { walk } from "./list.js";
import { button, failure } from "./page.js";
import { navigate } from "./router.js";

const PAGE = 50;
const KEPT = 400; // entries in the page while its end is in view
const NEAR_PX = 80;

const kindOrder = (entry) => (entry.kind === "input" ? 0 : 1);
const numberOf = (entry) => Number(entry.id.slice(1)) || 0;

function compare(one, other) {
    if (one.at !== other.at) return one.at < other.at ? -1 : 1;
    return kindOrder(one) - kindOrder(other) || numberOf(one) - numberOf(other);
}

export function timeline(channel, signal, { empty }) {
    const views = []; // in order
    const byId = new Map();
    let hasOlder = false;
    let loading = false;
    let isAtEnd = true;
    let unseen = 0;

    const top = h("div.timeline-top");
    const list = h("div.feed", { role: "feed", "aria-label": "Messages" });
    const scroller = h("div.timeline", { tabindex: "-1" }, top, list);
    const jump = button([icon("down"), h("span", "To the newest")], () => toEnd(), {
        class: "jump",
        hidden: true,
    });
    const node = h("div.timeline-box", scroller, jump);

    function toEnd() {
        scroller.scrollTop = scroller.scrollHeight;
        isAtEnd = true;
        unseen = 0;
        drawJump();
    }

    function drawJump() {
        jump.hidden = isAtEnd;
        replace(jump, icon("down"), h("span", unseen > 0 ? `${unseen} new` : "To the newest"));
    }

    // Runs a change; what one reads stays where it is.
    function keepPlace(change) {
        const before = scroller.scrollHeight - scroller.scrollTop;
        change();
        scroller.scrollTop = isAtEnd ? scroller.scrollHeight : scroller.scrollHeight - before;
    }

    function arrangeAround(at) {
        for (const i of [at, at + 1]) views[i]?.arrange(views[i - 1]?.entry ?? null);
    }

    function insert(entry) {
        const view = entryView(entry);
        let at = views.length;
        while (at > 0 && compare(views[at - 1].entry, entry) > 0) at--;
        views.splice(at, 0, view);
        byId.set(entry.id, view);
        list.insertBefore(view.node, views[at + 1]?.node ?? null);
        arrangeAround(at);
        return at === views.length - 1;
    }

    function isOlder(entry, view) {
        return (entry.updated_at ?? entry.at) < (view.entry.updated_at ?? view.entry.at);
    }

    function forgetOldest() {
        while (isAtEnd && views.length > KEPT) {
            const [view] = views.splice(0, 1);
            byId.delete(view.entry.id);
            view.node.remove();
            hasOlder = true;
        }
        arrangeAround(0);
    }

    function put(entry) {
        const view = byId.get(entry.id);
        if (!view) return insert(entry);
        if (!isOlder(entry, view)) view.show(entry);
        return false;
    }

    // Live: new ones are counted while one reads further up, and said.
    function live(entry) {
        if (entry.place !== channel) return;
        const before = byId.get(entry.id);
        const words = spoken(entry);
        if (!before || spoken(before.entry) !== words) announce(words);
        unseen += put(entry) && !isAtEnd ? 1 : 0;
        replace(emptyBox);
        if (isAtEnd) scroller.scrollTop = scroller.scrollHeight;
        forgetOldest();
        drawJump();
    }

    const emptyBox = h("div.timeline-empty");
    list.before(emptyBox);

    function drawTop(error) {
        if (error)
            replace(
                top,
                failure(error),
                button("Try again", () => older()),
            );
        else replace(top, hasOlder ? button("Show earlier", () => older()) : null);
        replace(emptyBox, views.length === 0 && !error ? empty() : null);
    }

    const read = (before) => get("/messages", { channel, before, limit: PAGE }, signal);

    async function older() {
        if (loading) return;
        loading = true;
        list.setAttribute("aria-busy", "true");
        try {
            const page = await read(views[0]?.entry.id);
            keepPlace(() => {
                page.items.forEach(put);
                hasOlder = page.next !== null;
                drawTop(null);
            });
        } catch (error) {
            if (error.name !== "AbortError") drawTop(error);
        }
        list.removeAttribute("aria-busy");
        loading = false;
    }

    // After a break: the newest page again; what is known is only brought up to date.
    async function refresh() {
        const page = await read().catch(() => null);
        if (page) keepPlace(() => page.items.forEach(put));
        drawTop(null);
    }

    function scrolled() {
        const wasAtEnd = isAtEnd;
        isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX;
        if (isAtEnd) unseen = 0;
        if (isAtEnd !== wasAtEnd) drawJump();
        if (scroller.scrollTop < 300 && hasOlder) older();
    }

    scroller.addEventListener("scroll", scrolled, { passive: true, signal });
    const resizes = new ResizeObserver(() => isAtEnd && toEnd());
    resizes.observe(scroller);
    resizes.observe(list);
    signal.addEventListener("abort", () => resizes.disconnect());
    walk(() => views.map((view) => view.article), signal, { fromEnd: true });
    list.addEventListener("keydown", (event) => {
        const article = event.target.closest("article");
        const job = byId.get(article?.dataset.id)?.entry.job;
        if (event.key === "Enter" && event.target === article && job) navigate(`/jobs/${job}`);
    });

    return { node, live, refresh, start: older };
}
