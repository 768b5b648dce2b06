// Tables in messages and answers: a column that holds states or job numbers shows them as everywhere else.
import { h, jobLink } from "./dom.js";
import { isState, stateNode } from "./words.js";

const STATE_COLUMNS = ["state", "health", "result"];
const CODE_COLUMNS = ["command", "usage", "commit", "line"];

function cell(column, value) {
    if (value === null || value === undefined || value === "") return h("span.none", "–");
    if (column === "job" && Number.isInteger(value)) return jobLink(value);
    if (STATE_COLUMNS.includes(column) && isState(value)) return stateNode(value);
    if (typeof value === "object") return h("code", JSON.stringify(value));
    return CODE_COLUMNS.includes(column) ? h("code", value) : String(value);
}

// The box scrolls sideways by itself, also with the keyboard.
export function dataTable(columns, rows, label = "Table") {
    const isNumeric = (i) =>
        rows.length > 0 && columns[i] !== "job" && rows.every((row) => typeof row[i] === "number");
    return h(
        "div.table-box",
        { tabindex: "0", role: "region", "aria-label": label },
        h(
            "table",
            h(
                "thead",
                h(
                    "tr",
                    columns.map((column, i) =>
                        h("th", { scope: "col", class: isNumeric(i) ? "number" : null }, column),
                    ),
                ),
            ),
            h(
                "tbody",
                rows.map((row) =>
                    h(
                        "tr",
                        row.map((value, i) =>
                            h("td", { class: isNumeric(i) ? "number" : null }, cell(columns[i], value)),
                        ),
                    ),
                ),
            ),
        ),
    );
}
