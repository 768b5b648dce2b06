// Fields for a command's arguments: to answer a question, and to run a command from the catalogue.
import { post } from "./api.js";
import { h, newId } from "./dom.js";
import { busy } from "./page.js";

const INPUT_TYPES = { integer: "number", number: "number", url: "url" };

function choiceField(field, id) {
    const options = field.choices.map((choice) =>
        h("option", { value: choice, selected: choice === (field.value ?? field.fallback) }, choice),
    );
    const empty = h(
        "option",
        { value: "" },
        field.need ? "Choose" : field.fallback ? `${field.fallback} unless given` : "–",
    );
    return h("select", { id, name: field.key, required: field.need }, empty, options);
}

function inputFor(field, id) {
    if (field.choices?.length > 0) return choiceField(field, id);
    if (field.type === "boolean")
        return h("input", {
            id,
            name: field.key,
            type: "checkbox",
            value: "true",
            checked: field.value === "true",
        });
    return h("input", {
        id,
        name: field.key,
        type: INPUT_TYPES[field.type] ?? "text",
        required: field.need,
        autocomplete: "off",
        step: field.type === "number" ? "any" : null,
        spellcheck: "false",
        value: field.value ?? "",
        placeholder: field.fallback ? `${field.fallback} unless given` : null,
    });
}

export function fieldNode(field) {
    const id = newId("field");
    const help = [field.help, field.need ? "needed" : null].filter(Boolean).join(", ");
    const input = inputFor(field, id);
    if (help) input.setAttribute("aria-describedby", `${id}-help`);
    return h(
        "div",
        { class: `field${field.type === "boolean" ? " check" : ""}` },
        h("label", { for: id }, field.key),
        input,
        help ? h("p.help", { id: `${id}-help` }, help) : null,
    );
}

// {key: text} of what was filled in.
export function formValues(form) {
    return Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
}

// A question's form: what is missing for a command.
export function questionForm({ job, fields }) {
    const faults = h("div.faults");
    const send = h("button.primary", "Go on");

    async function submit(event) {
        event.preventDefault();
        const values = formValues(event.currentTarget);
        await busy(send, faults, () => post(`/jobs/${job}/answer`, { values }));
    }

    return h("form.question", { onsubmit: submit }, fields.map(fieldNode), faults, h("div", send));
}
