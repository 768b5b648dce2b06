// What every page has: a heading with facts and buttons, notices, "more" at the end of a list.
import { announce, h, replace } from "./dom.js";
import { setTitle } from "./nav.js";

// The head of a page; facts and actions may be replaced later: head.facts, head.actions.
export function pageHead(title, ...actions) {
    const head = h("header.page-head");
    head.heading = h("h1", { tabindex: "-1" }, title);
    head.facts = h("div.page-facts");
    head.actions = h("div.page-actions", actions);
    head.append(head.heading, head.facts, head.actions);
    setTitle(title);
    return head;
}

// One line in place of what is missing: what happened, what to do.
export function notice(text, ...more) {
    return h("p.notice", text, more.length > 0 ? [" ", more] : null);
}

export function failure(error) {
    return h(
        "p.notice.bad",
        { role: "alert" },
        h("span.sign.bad", { "aria-hidden": "true" }, "✗"),
        " ",
        error.message,
        /[.?]$/.test(error.message) ? "" : ".",
    );
}

export function button(label, onclick, attributes = {}) {
    return h("button", { type: "button", onclick, ...attributes }, label);
}

// Runs an action once at a time; the button shows that it is busy, faults stand in `faults`.
export async function busy(node, faults, action) {
    if (node.getAttribute("aria-busy") === "true") return null;
    node.setAttribute("aria-busy", "true"); // not disabled: that would take the focus away
    faults?.replaceChildren();
    try {
        return await action();
    } catch (error) {
        if (faults) replace(faults, failure(error));
        else announce(error.message);
        return null;
    } finally {
        node.removeAttribute("aria-busy");
    }
}

// A list in pages: load(cursor) -> {items, next}, add(items).  The next page is read when its end comes into view.
export function pager(load, add, signal) {
    let cursor = null;
    let loading = false;
    let generation = 0; // what an older one still brings is not wanted any more
    const more = button("Show more", () => next(), { hidden: true });
    const faults = h("div.faults");
    const node = h("div.more", faults, more);
    const observer = new IntersectionObserver(
        (seen) => seen.some((each) => each.isIntersecting) && cursor !== null && next(),
        { rootMargin: "400px" },
    );

    function took(page) {
        cursor = page.next;
        more.hidden = cursor === null;
        add(page.items);
    }

    function failed(error) {
        replace(faults, failure(error));
        more.hidden = false;
    }

    async function next() {
        if (loading) return;
        const mine = generation;
        const isWanted = () => mine === generation && !signal.aborted;
        loading = true;
        replace(faults);
        try {
            const page = await load(cursor);
            if (isWanted()) took(page);
        } catch (error) {
            if (isWanted()) failed(error);
        }
        if (isWanted()) loading = false;
    }

    observer.observe(more);
    signal.addEventListener("abort", () => observer.disconnect());
    return {
        node,
        next,
        // From the first page again.
        restart() {
            generation += 1;
            loading = false;
            cursor = null;
            return next();
        },
    };
}
