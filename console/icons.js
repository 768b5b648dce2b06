// The few drawings: 16 by 16, lines only, in the colour of the text.
import { svg } from "./dom.js";

const PATHS = {
    chat: ["M2.5 3.5h11v7.5h-6l-3 2.5v-2.5h-2z"],
    jobs: ["M2.5 4h2M2.5 8h2M2.5 12h2M7 4h6.5M7 8h6.5M7 12h6.5"],
    approvals: ["M8 1.8l5 2v3.9c0 3-2 5.2-5 6.5-3-1.3-5-3.5-5-6.500v-3.900z", "M5.8 7.900l1.6 1.6 2.9-3.1"],
    environments: ["M2.5 3h11v4h-11zM2.5 9h11v4h-11z", "M5 5h.01M5 11h.01"],
    audit: ["M4 2h6l2.5 2.500v9.500h-8.500z", "M6 7h4.500M6 9.500h4.500M6 12h2.5"],
    commands: ["M3 4.500l3.5 3.5-3.5 3.5", "M8.5 12h4.5"],
    more: ["M3.5 8h.01M8 8h.01M12.5 8h.01"],
    light: [
        "M8 5.200a2.8 2.8 0 1 0 0 5.600a2.8 2.8 0 1 0 0-5.600z",
        "M8 1.500v1.200M8 13.300v1.200M1.5 8h1.200M13.3 8h1.200M3.4 3.400l.9.9M11.7 11.700l.9.9M3.4 12.600l.9-.9M11.7 4.300l.9-.9",
    ],
    dark: ["M13 9.300a5.3 5.3 0 0 1-6.3-6.300a5.5 5.5 0 1 0 6.3 6.300z"],
    keys: ["M1.5 4.500h13v7.500h-13z", "M4 7h.01M6.7 7h.01M9.3 7h.01M12 7h.01M5 9.700h6"],
    out: ["M6.5 2.500h-3.500v11h3.5", "M10 5l3 3-3 3M6 8h7"],
    send: ["M2.5 8l11-5-3.5 10.5-2.5-4.500z", "M7.5 9l6-6"],
    search: ["M7 2.500a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9z", "M10.3 10.300l3.2 3.2"],
    down: ["M4 6l4 4 4-4"],
    copy: ["M5.5 5.500h8v8h-8z", "M10.5 5.500v-3h-8v8h3"],
    wrap: ["M2.5 4h11M2.5 8h9a2 2 0 0 1 0 4.500h-2.500M2.5 12.500h3", "M10.3 11l-1.5 1.5 1.5 1.5"],
    open: ["M6 3h-3v10h10v-3M9 3h4v4M13 3l-6 6"],
};

export function icon(name) {
    return svg(
        "svg",
        { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true", focusable: "false" },
        PATHS[name].map((path) => svg("path", { d: path })),
    );
}

// The mark of opsroom: a prompt in a room.
export function mark() {
    return svg(
        "svg",
        { viewBox: "0 0 16 16", class: "mark", "aria-hidden": "true", focusable: "false" },
        svg("rect", { x: "1", y: "1", width: "14", height: "14", rx: "3.5" }),
        svg("path", { d: "M4.6 5.200l2.8 2.8-2.8 2.800M8.6 11h3" }),
    );
}
