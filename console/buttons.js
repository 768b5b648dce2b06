// The buttons of a message: asked first where they say so, then pressed by number; the line behind one stays with the server.
import { post, requestId } from "./api.js";
import { h } from "./dom.js";
import { busy } from "./page.js";

// What goes along with the press; null: the person thought better of it.
async function prepare(button, title) {
    if (!button.confirm && !button.ask) return {};
    const { askText, confirm } = await import("./dialog.js");
    if (
        button.confirm &&
        !(await confirm(button.confirm, { label: button.label, danger: button.style === "danger" }))
    )
        return null;
    if (!button.ask) return {};
    const text = await askText(title ? `${button.label}: ${title}` : button.label, {
        label: button.ask[0].toUpperCase() + button.ask.slice(1),
        button: button.label,
        danger: button.style === "danger",
    });
    return text === null ? null : { text };
}

// number: of the first of them, counted through the whole message.
export function messageButtons(buttons, number, entryId, title) {
    const faults = h("div.faults");

    async function press(event, button, at) {
        const node = event.currentTarget;
        const more = await prepare(button, title);
        if (more !== null)
            await busy(node, faults, () =>
                post(`/messages/${entryId}/press`, { button: at, id: requestId(), ...more }),
            );
    }

    return h(
        "div.buttons",
        buttons.map((button, i) =>
            h(
                "button",
                { type: "button", class: button.style, onclick: (event) => press(event, button, number + i) },
                button.label,
            ),
        ),
        faults,
    );
}
