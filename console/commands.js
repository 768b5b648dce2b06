// The catalogue: what this person may run here, with a form for each that says the line and runs it in the chat.
import { get, post, requestId } from "./api.js";
import { commandLine } from "./command_line.js";
import { h, replace, setText } from "./dom.js";
import { filterBar } from "./filters.js";
import { fieldNode, formValues } from "./form.js";
import { walk } from "./list.js";
import { channelUrl } from "./nav.js";
import { busy, notice, pageHead } from "./page.js";
import { navigate } from "./router.js";
import { channelName, store } from "./store.js";

const RISKS = { read: "only reads", change: "changes something", danger: "dangerous" };

function channelField() {
    const chosen = localStorage.getItem("channel");
    return h(
        "div.field",
        h("label", { for: "run-channel" }, "Run in"),
        h(
            "select",
            { id: "run-channel" },
            store.channels.map(({ channel }) =>
                h("option", { value: channel, selected: channel === chosen }, channelName(channel)),
            ),
        ),
    );
}

// Apps and environments to choose from, as far as this person may see them.
async function loadChoices(signal) {
    const { items } = await get("/status", {}, signal).catch(() => ({ items: [] }));
    const names = (key) => [...new Set(items.map((row) => row[key]))];
    return { app: names("app"), environment: names("environment") };
}

function runForm(command, values, choices) {
    const faults = h("div.faults");
    const line = h("code");
    const send = h("button.primary", "Run");
    const fields = command.args.map((argument) =>
        fieldNode({
            ...argument,
            value: values[argument.key],
            choices: argument.choices ?? choices[argument.type],
        }),
    );

    async function submit(event) {
        event.preventDefault();
        const { channel, direct } = store.channels.find(
            (each) => each.channel === form.querySelector("#run-channel").value,
        );
        const text = (direct ? "" : "!") + commandLine(command, formValues(form));
        if (await busy(send, faults, () => post("/messages", { channel, text, id: requestId() })))
            navigate(channelUrl(channel));
    }

    const form = h(
        "form.run",
        { onsubmit: submit, oninput: draw },
        fields,
        channelField(),
        h("p.run-line", h("span.quiet", "Runs "), line),
        faults,
        h("div", send),
    );

    function draw() {
        setText(line, commandLine(command, formValues(form)));
    }

    draw();
    return form;
}

function commandNode(command, values, choices) {
    const isOpen = values !== null;
    const form = h("div.command-form");
    const node = h(
        "details.command",
        {
            id: `command-${command.name.replaceAll(" ", "-")}`,
            open: isOpen,
            ontoggle: () => {
                if (node.open && form.childElementCount === 0)
                    form.append(runForm(command, values ?? {}, choices));
            },
        },
        h(
            "summary.row.command-row",
            h("code.cell-usage", command.usage),
            h("span.cell-title", command.help),
            h("span", { class: `risk is-${command.risk}` }, RISKS[command.risk] ?? command.risk),
        ),
        command.example ? h("p.quiet", "For example ", h("code", command.example)) : null,
        form,
    );
    return node;
}

const fits = (command, wanted) =>
    wanted === undefined || `${command.usage} ${command.help}`.toLowerCase().includes(wanted.toLowerCase());

export async function open({ root, signal, query }) {
    const list = h("div.commands");
    const head = pageHead("Commands");
    const chosen = query.get("name");
    const [{ items }, choices] = await Promise.all([
        get("/commands", { channel: localStorage.getItem("channel") }, signal),
        loadChoices(signal),
    ]);

    function show({ text }) {
        const found = items.filter((command) => fits(command, text));
        replace(
            list,
            found.map((command) =>
                commandNode(
                    command,
                    command.name === chosen && !text ? Object.fromEntries(query) : null,
                    choices,
                ),
            ),
            found.length === 0 ? notice("No command fits.") : null,
        );
    }

    const bar = filterBar(
        [{ key: "text", label: "Find", placeholder: "a word of its name or help" }],
        query,
        show,
        signal,
    );
    head.facts.append("What you may run here. Each runs in the chat, under the same rules");
    root.append(head, h("div.page-body", bar.node, list));
    show(bar.values());
    walk(() => [...list.querySelectorAll("summary")], signal);
    const target = chosen && list.querySelector("details[open]");
    if (target) {
        target.scrollIntoView({ block: "start" });
        target.querySelector("input, select")?.focus();
    }
}
