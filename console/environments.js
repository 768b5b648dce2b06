// What runs where: a board of apps and their environments; below it the connections and whether they work.
import { get } from "./api.js";
import { h, jobLink, replace } from "./dom.js";
import { walk } from "./list.js";
import { failure, notice, pageHead } from "./page.js";
import { on } from "./stream.js";
import { moment } from "./time.js";
import { isFinal, stateNode } from "./words.js";

const WAIT_MS = 200;
const formUrl = (command, values) => `/commands?${new URLSearchParams({ name: command, ...values })}`;

function card(row) {
    const where = { app: row.app, environment: row.environment };
    const isThere = row.state !== "never deployed";
    const name = `${row.app} on ${row.environment}`;
    return h(
        "li.env-card",
        { tabindex: "-1" },
        h("div.env-head", h("h3", row.environment), stateNode(row.health ?? row.state)),
        h(
            "p.env-version",
            isThere ? (row.version ?? "unversioned") : "–",
            row.commit && !row.commit.startsWith(row.version)
                ? h("code.quiet", { title: row.commit }, row.commit.slice(0, 7))
                : null,
        ),
        row.lock ? h("p.warn", row.lock) : null,
        isThere
            ? h(
                  "p.quiet",
                  row.by ?? "somebody",
                  ", ",
                  moment(row.since),
                  " ",
                  row.job ? jobLink(row.job) : null,
              )
            : h("p.quiet", "Nothing runs here yet"),
        h(
            "p.env-links",
            h("a", { href: formUrl("deploy", where), "aria-label": `Deploy ${name}` }, "Deploy"),
            isThere
                ? h("a", { href: formUrl("rollback", where), "aria-label": `Roll back ${name}` }, "Roll back")
                : null,
            h("a", { href: formUrl("releases", where), "aria-label": `Releases of ${name}` }, "Releases"),
        ),
    );
}

function board(rows) {
    const apps = [...new Set(rows.map((row) => row.app))];
    if (apps.length === 0) return notice('No apps are configured: add them under "apps".');
    return apps.map((app) =>
        h(
            "section.env-app",
            { "aria-label": app },
            h("h2", app),
            h("ul.env-cards", rows.filter((row) => row.app === app).map(card)),
        ),
    );
}

function connections(items) {
    if (items.length === 0) return null;
    return h(
        "section.env-app",
        { "aria-label": "Connections" },
        h("h2", "Connections"),
        h(
            "ul.rows",
            items.map((item) =>
                h(
                    "li.row.connection-row",
                    h("span.cell-state", stateNode(item.state)),
                    h("strong", item.name),
                    h("span.quiet", item.type),
                    h("span.cell-title", item.note),
                    h("span.cell-when", item.checked_at ? ["looked at ", moment(item.checked_at)] : null),
                ),
            ),
        ),
    );
}

export async function open({ root, signal }) {
    const apps = h("div");
    const links = h("div");
    let timer = null;

    async function load() {
        try {
            replace(apps, board((await get("/status", {}, signal)).items));
        } catch (error) {
            if (error.name !== "AbortError") replace(apps, failure(error));
        }
    }

    async function loadConnections() {
        const page = await get("/connections", {}, signal).catch(() => ({ items: [] }));
        replace(links, connections(page.items));
    }

    root.append(pageHead("Environments"), h("div.page-body", apps, links));
    walk(() => [...apps.querySelectorAll(".env-card")], signal);
    on(
        "job",
        (job) => {
            if (!isFinal(job.state)) return;
            clearTimeout(timer);
            timer = setTimeout(load, WAIT_MS);
        },
        signal,
    );
    on("resync", load, signal);
    await load();
    await loadConnections();
}
