// The page for an address that means nothing.
import { h } from "./dom.js";
import { notice, pageHead } from "./page.js";

export function open({ root }) {
    root.append(
        pageHead("Nothing here"),
        h(
            "div.page-body",
            notice(`There is no page ${location.pathname}.`, h("a", { href: "/" }, "Go to the chat")),
        ),
    );
}
