// Moments and durations for people: relative and exact, in the reader's zone, and counting while something runs.
import { h, setText } from "./dom.js";

const SECOND = 1000,
    MINUTE = 60 * SECOND,
    HOUR = 60 * MINUTE,
    DAY = 24 * HOUR;
const exactFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const clockFormat = new Intl.DateTimeFormat(undefined, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
});
const secondsFormat = new Intl.DateTimeFormat(undefined, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
});
const dayFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const yearFormat = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const weekdayFormat = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

let skew = 0;

// The server's clock counts: a reader's clock that is wrong by more than some seconds is put right.
export function noteServerTime(date) {
    const difference = Date.parse(date) - Date.now();
    if (Number.isFinite(difference)) skew = Math.abs(difference) > 5 * SECOND ? difference : 0;
}

export const now = () => Date.now() + skew;
export const clock = (at) => clockFormat.format(new Date(at));
export const exact = (at) => exactFormat.format(new Date(at));

const dayOf = (at) => new Date(at).toDateString();

export function dayName(at) {
    if (dayOf(at) === dayOf(now())) return "Today";
    if (dayOf(at) === dayOf(now() - DAY)) return "Yesterday";
    return weekdayFormat.format(new Date(at));
}

export const isSameDay = (one, other) => dayOf(one) === dayOf(other);

function near(ms) {
    if (ms < 10 * SECOND) return "now";
    if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
    if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
    return `${Math.floor(ms / HOUR)} h`;
}

// "now", "4 min ago", "in 12 min", "yesterday 14:02", "3 Nov 14:02"
function relative(at) {
    const moment = new Date(at).getTime();
    const age = now() - moment;
    if (age < -10 * SECOND)
        return -age < DAY ? `in ${near(-age)}` : `${dayFormat.format(moment)} ${clock(moment)}`;
    if (age < 12 * HOUR) return age < 10 * SECOND ? "now" : `${near(age)} ago`;
    if (isSameDay(moment, now())) return clock(moment);
    if (isSameDay(moment, now() - DAY)) return `yesterday ${clock(moment)}`;
    const sameYear = new Date(moment).getFullYear() === new Date(now()).getFullYear();
    return sameYear ? `${dayFormat.format(moment)} ${clock(moment)}` : yearFormat.format(moment);
}

// "14:02:31" today, "3 Nov 14:02:31" before.
export function precise(at) {
    const time = secondsFormat.format(new Date(at));
    return isSameDay(at, now()) ? time : `${dayFormat.format(new Date(at))} ${time}`;
}

// "0.4s", "38s", "1m 12s", "2h 5m": as the server writes them.
export function duration(ms) {
    const seconds = Math.floor(ms / SECOND);
    if (ms <= 0) return "0s";
    if (seconds === 0) return `0.${Math.max(1, Math.floor(ms / 100))}s`;
    const scales = [
        ["d", "h", 86400, 3600],
        ["h", "m", 3600, 60],
        ["m", "s", 60, 1],
    ];
    for (const [great, small, greatSeconds, smallSeconds] of scales) {
        const whole = Math.floor(seconds / greatSeconds);
        const rest = Math.floor((seconds % greatSeconds) / smallSeconds);
        if (whole > 0) return rest > 0 ? `${whole}${great} ${rest}${small}` : `${whole}${great}`;
    }
    return `${seconds}s`;
}

export function parseDuration(text) {
    const units = { d: DAY, h: HOUR, m: MINUTE, s: SECOND };
    let ms = 0;
    for (const [, number, unit] of text.matchAll(/([\d.]+)([dhms])/g)) ms += Number(number) * units[unit];
    return ms;
}

// A moment, relative, exact on hover and for screen readers.
export function moment(at, show = relative) {
    if (!at) return null;
    const node = h("time", { datetime: at, title: exact(at) }, show(at));
    if (show === relative) node.dataset.relative = "";
    return node;
}

// A duration that counts on from ms, as it was at `at`.
export function counting(ms, at) {
    const start = new Date(at).getTime() - ms;
    return h("span.counting", { data: { start } }, duration(Math.max(0, now() - start)));
}

// How long a job has run, or runs; null before it began.
export function took(job) {
    if (!job.started_at) return null;
    return job.finished_at
        ? duration(Date.parse(job.finished_at) - Date.parse(job.started_at))
        : counting(0, job.started_at);
}

function tick(seconds) {
    document.querySelectorAll(".counting").forEach((node) => {
        setText(node, duration(Math.max(0, now() - Number(node.dataset.start))));
    });
    if (seconds % 10 === 0)
        document
            .querySelectorAll("time[data-relative]")
            .forEach((node) => setText(node, relative(node.dateTime)));
}

export function startTicking() {
    let seconds = 0;
    setInterval(() => {
        seconds += 1;
        if (!document.hidden) tick(seconds);
    }, SECOND);
}
