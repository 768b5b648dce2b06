// A row of filters above a list, kept in the address so that a page can be sent to somebody.
import { h, newId } from "./dom.js";
import { bind } from "./keyboard.js";
import { setQuery } from "./router.js";

const WAIT_MS = 250;
const FEW = 3;

function control(field, id, value) {
    if (field.choices)
        return h(
            "select",
            { id, name: field.key },
            h("option", { value: "" }, field.any ?? "any"),
            field.choices.map((choice) => {
                const [key, label] = Array.isArray(choice) ? choice : [choice, choice];
                return h("option", { value: key, selected: key === value }, label);
            }),
        );
    if (field.check)
        return h("input", { id, name: field.key, type: "checkbox", value: "1", checked: value === "1" });
    return h("input", {
        id,
        name: field.key,
        type: field.type ?? "search",
        value: value ?? "",
        autocomplete: "off",
        spellcheck: "false",
        placeholder: field.placeholder ?? null,
        list: field.list ?? null,
    });
}

// fields: [{key, label, choices | check | type}]; changed(values) after each change.
export function filterBar(fields, query, changed, signal) {
    let timer = null;
    const form = h(
        "form.filters",
        { role: "search", "aria-label": "Filter", onsubmit: (event) => event.preventDefault() },
        fields.map((field) => {
            const id = newId("filter");
            return h(
                "div",
                { class: `filter${field.check ? " check" : ""}` },
                h("label", { for: id }, field.label),
                control(field, id, query.get(field.key)),
            );
        }),
    );
    // On a phone many filters would push the list away.
    const isOpen =
        fields.length < FEW ||
        !matchMedia("(max-width: 719px)").matches ||
        fields.some(({ key }) => query.has(key));
    const node =
        fields.length < FEW ? form : h("details.filter-box", { open: isOpen }, h("summary", "Filter"), form);

    const values = () => Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));

    function apply() {
        setQuery(values());
        changed(values());
    }

    form.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(apply, WAIT_MS);
    });
    signal.addEventListener("abort", () => clearTimeout(timer));
    bind("/", () => form.querySelector("input[type=search], select")?.focus(), signal);
    return { node, values };
}
