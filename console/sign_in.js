// The page before anybody is signed in: how to get a link, and a field for a token.
import { post } from "./api.js";
import { h } from "./dom.js";
import { mark } from "./icons.js";
import { busy } from "./page.js";

export function open(main) {
    const faults = h("div", { "aria-live": "polite" });
    const token = h("input", {
        id: "token",
        type: "password",
        autocomplete: "off",
        required: true,
        spellcheck: "false",
    });
    const send = h("button.primary", "Sign in");

    async function submit(event) {
        event.preventDefault();
        if (await busy(send, faults, () => post("/session", { token: token.value.trim() })))
            location.reload();
    }

    document.title = "Sign in · opsroom";
    main.replaceChildren(
        h(
            "div.sign-in",
            mark(),
            h("h1", { tabindex: "-1" }, "Sign in to opsroom"),
            h(
                "p",
                "Open the sign-in link that was made for you. It works once, in one browser. Whoever runs this server makes one with",
            ),
            h("pre", h("code", "opsroom token create --person YOU --link")),
            h(
                "form",
                { onsubmit: submit },
                h(
                    "div.field",
                    h("label", { for: "token" }, "Or sign in with a token"),
                    token,
                    h("p.help", "What ", h("code", "opsroom token create --person YOU"), " has printed."),
                ),
                faults,
                send,
            ),
        ),
    );
}
