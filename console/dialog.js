// Questions on top of the page, with the browser's own dialog: focus stays inside, Escape is "no".
import { h, newId } from "./dom.js";

function build(title, content, actions) {
    const id = newId("dialog");
    const dialog = h(
        "dialog",
        { "aria-labelledby": id },
        h("form", { method: "dialog" }, h("h2", { id }, title), content, h("div.dialog-actions", actions)),
    );
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(""));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    return dialog;
}

// To be read and closed.
export function showDialog(title, content) {
    const dialog = build(title, content, [h("button", { value: "" }, "Close")]);
    dialog.showModal();
    return dialog;
}

function opened(dialog) {
    return new Promise((resolve) => {
        dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
        dialog.showModal();
    });
}

// Resolves to true when the person says yes.
export function confirm(question, { label = "Yes", danger = false } = {}) {
    return opened(
        build(question, null, [
            h("button", { value: "" }, "No"),
            h("button", { value: "yes", class: danger ? "danger solid" : "primary", autofocus: true }, label),
        ]),
    );
}

// Resolves to the text, or null.
export async function askText(title, { label, help, button = "Send", danger = false, needed = true }) {
    const id = newId("ask");
    const input = h("input", {
        id,
        required: needed,
        maxlength: "4000",
        autofocus: true,
        autocomplete: "off",
    });
    const dialog = build(
        title,
        h("div.field", h("label", { for: id }, label), input, help ? h("p.help", help) : null),
        [
            h("button", { value: "", formnovalidate: true }, "Not now"),
            h("button", { value: "yes", class: danger ? "danger solid" : "primary" }, button),
        ],
    );
    // Enter in the field is the answer, not the first button.
    input.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        dialog.querySelector("button[value=yes]").click();
    });
    return (await opened(dialog)) ? input.value.trim() : null;
}
