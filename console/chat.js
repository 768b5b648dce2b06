// The chat page: one channel, its history and the composer.
import { composer } from "./composer.js";
import { h } from "./dom.js";
import { channelUrl } from "./nav.js";
import { notice, pageHead } from "./page.js";
import { navigate } from "./router.js";
import { channelName, showChannel, store } from "./store.js";
import { on } from "./stream.js";
import { timeline } from "./timeline.js";

const EXAMPLES = ["help", "whoami", "status"];

function wantedChannel(query) {
    const asked = query.get("channel") ?? localStorage.getItem("channel");
    return store.channels.find((each) => each.channel === asked) ?? store.channels[0];
}

// On a phone the sidebar is not there: channels are a list in the head.
function chooser(current) {
    return h(
        "select.channel-select",
        { "aria-label": "Channel", onchange: (event) => navigate(channelUrl(event.target.value)) },
        store.channels.map(({ channel }) =>
            h("option", { value: channel, selected: channel === current }, channelName(channel)),
        ),
    );
}

function emptyNote(field, direct) {
    const mark = direct ? "" : "!";
    return h(
        "div.empty",
        h("p", "Nothing was said here yet. Begin with one of these:"),
        h(
            "p.examples",
            EXAMPLES.map((line) =>
                h(
                    "button",
                    { type: "button", onclick: () => field.offer(mark + line) },
                    h("code", mark + line),
                ),
            ),
        ),
    );
}

export async function open({ root, signal, query }) {
    const current = wantedChannel(query);
    if (!current) {
        root.append(
            pageHead("Chat"),
            h("div.page-body", notice('There is no web chat in the configuration: add one under "chats".')),
        );
        return;
    }
    const { channel, direct } = current;
    const head = pageHead(channelName(channel));
    const field = composer({ channel, direct, signal });
    const history = timeline(channel, signal, { empty: () => emptyNote(field, direct) });

    head.prepend(chooser(channel));
    head.facts.append(
        direct ? "Only you and opsroom. Everything typed here is a command" : "Commands begin with !",
    );
    localStorage.setItem("channel", channel);
    root.append(head, history.node, field.node);
    field.restore();
    showChannel(channel);
    signal.addEventListener("abort", () => showChannel(null));
    on("message", history.live, signal);
    on("input", history.live, signal);
    on("resync", history.refresh, signal);
    if (matchMedia("(hover: hover)").matches) field.focus();
    await history.start();
}
