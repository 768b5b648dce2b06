// What happens, as it happens: listeners of this page on the browser's one stream.
import { openSource } from "./stream_source.js";

const listeners = new Map();
let state = "connecting";
let channel = null; // to the worker, or to a stream of this page's own

function emit(kind, data) {
    if (kind === "state") state = data;
    (listeners.get(kind) ?? []).forEach((listener) => listener(data));
}

// listener(data) until the signal is aborted.
export function on(kind, listener, signal) {
    if (!listeners.has(kind)) listeners.set(kind, new Set());
    listeners.get(kind).add(listener);
    signal?.addEventListener("abort", () => listeners.get(kind).delete(listener));
}

export const streamState = () => state;

function shared() {
    const worker = new SharedWorker("/stream_worker.js", { type: "module", name: "opsroom" });
    worker.port.addEventListener("message", ({ data }) => emit(data.kind, data.data));
    worker.addEventListener("error", () => {
        channel = own(channel.person);
    });
    worker.port.start();
    addEventListener("pagehide", () => worker.port.postMessage({ kind: "leave" }));
    addEventListener("pageshow", ({ persisted }) => persisted && channel.follow(channel.person));
    return {
        follow(person) {
            this.person = person;
            worker.port.postMessage({ kind: "follow", person });
        },
        hurry: () => worker.port.postMessage({ kind: "hurry" }),
    };
}

function own(person) {
    let source = person === undefined ? null : openSource(emit);
    return {
        follow() {
            source?.close();
            source = openSource(emit);
        },
        hurry: () => source?.hurry(),
    };
}

export function startStream(person) {
    if (channel === null) {
        channel = typeof SharedWorker === "undefined" ? own() : shared();
        addEventListener("online", () => channel.hurry());
        document.addEventListener("visibilitychange", () => document.hidden || channel.hurry());
    }
    channel.follow(person);
}
