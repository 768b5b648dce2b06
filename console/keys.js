// The table of keys that "?" shows.
import { showDialog } from "./dialog.js";
import { h } from "./dom.js";

const KEYS = [
    ["/", "to the composer, or to the page's filter"],
    ["j  k", "next, previous row (arrows too)"],
    ["Enter", "open the row; send"],
    ["Tab", "take the completion"],
    ["↑", "in an empty composer: the last command again"],
    ["Shift Enter", "a new line"],
    ["g c", "chat"],
    ["g j", "jobs"],
    ["g a", "approvals"],
    ["g e", "environments"],
    ["g u", "audit"],
    ["g h", "commands"],
    ["f", "follow the log"],
    ["t", "dark, light"],
    ["?", "these keys"],
    ["Escape", "close; leave a field"],
];

export function show() {
    showDialog(
        "Keys",
        h(
            "dl.keys",
            KEYS.map(([keys, what]) =>
                h(
                    "div",
                    h(
                        "dt",
                        keys
                            .split(" ")
                            .filter(Boolean)
                            .map((key) => h("kbd", key)),
                    ),
                    h("dd", what),
                ),
            ),
        ),
    );
}
