// States as a sign and a word, never as a colour alone.
import { h } from "./dom.js";
import { counting, parseDuration } from "./time.js";

const PAUSED = "\u23f8\ufe0e"; // as text, not as a picture
const STATES = {
    succeeded: ["✓", "good"],
    approved: ["✓", "good"],
    allowed: ["✓", "good"],
    healthy: ["✓", "good"],
    ok: ["✓", "good"],
    deployed: ["✓", "good"],
    failed: ["✗", "bad"],
    failing: ["✗", "bad"],
    unhealthy: ["✗", "bad"],
    running: ["▸", "live"],
    queued: ["·", "quiet"],
    waiting: ["·", "quiet"],
    "waiting for approval": [PAUSED, "warn"],
    pending: [PAUSED, "warn"],
    "approval needed": [PAUSED, "warn"],
    "being cancelled": ["⊘", "warn"],
    cancelled: ["⊘", "warn"],
    refused: ["⊘", "warn"],
    denied: ["⊘", "warn"],
    "timed out": ["⊘", "warn"],
    expired: ["⊘", "warn"],
    void: ["⊘", "warn"],
};
const TONES = { good: ["✓", "good"], warn: ["⊘", "warn"], bad: ["✗", "bad"] };
const JOB_STATES = [
    "queued",
    "waiting for approval",
    "running",
    "waiting",
    "succeeded",
    "failed",
    "cancelled",
    "refused",
    "timed out",
];
const FINAL = ["succeeded", "failed", "cancelled", "refused", "timed out"];

export const jobStates = () => JOB_STATES;
export const isFinal = (state) => FINAL.includes(state);
const lookOf = (state) => STATES[state] ?? ["–", "quiet"];
export const isState = (word) => Object.hasOwn(STATES, word);

// The pause sign is drawn: many systems have no letter for it.
const signClass = (sign) => (sign === PAUSED ? "sign is-paused" : "sign");

function signed([sign, tone], ...words) {
    return h(
        "span",
        { class: `state ${tone}` },
        h("span", { class: signClass(sign), "aria-hidden": "true" }, sign),
        " ",
        ...words,
    );
}

// "✓ succeeded"; words: what is said instead of the bare state.
export const stateNode = (state, ...words) => signed(lookOf(state), ...(words.length > 0 ? words : [state]));

// Without the word, where it stands next to it anyway.
export const signNode = (state) =>
    h("span", { class: `sign ${lookOf(state)[1]}`, role: "img", "aria-label": state }, lookOf(state)[0]);

// "Deploy hello to staging: running, 12s" -> the subject, and the state behind the last colon that begins with one.
export function splitTitle(title) {
    const at = title.lastIndexOf(": ");
    const rest = at > 0 ? title.slice(at + 2) : "";
    const state = Object.keys(STATES)
        .filter((word) => rest.startsWith(word))
        .sort((a, b) => b.length - a.length)[0];
    return state ? { subject: title.slice(0, at), state, rest } : { subject: title };
}

// The state's part of a title; a duration in it counts on while the job runs.
export function titleState({ state, rest }, at) {
    const live = /^(running|waiting), (.+)$/.exec(rest);
    return live
        ? stateNode(state, `${live[1]}, `, counting(parseDuration(live[2]), at))
        : stateNode(state, rest);
}

// A message's tone as a sign, for titles without a state.
export function toneSign(tone) {
    const look = TONES[tone];
    return look ? h("span", { class: `sign ${look[1]}`, "aria-hidden": "true" }, look[0]) : null;
}

export const plural = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
