// One connection to /api/v1/stream that comes back after every break and goes on where it was.

const KINDS = ["message", "input", "job", "log", "approval"];
const FIRST_DELAY_MS = 500;
const LAST_DELAY_MS = 10000;

// emit(kind, data): the events; "state" with "connecting", "live", "broken" or "signed out"; "resync" after each break.
export function openSource(emit) {
    let source = null;
    let timer = null;
    let position = "";
    let delay = FIRST_DELAY_MS;
    let wasLive = false;

    function hear(event) {
        position = event.lastEventId || position;
        emit(event.type, JSON.parse(event.data));
    }

    function live(event) {
        position = event.lastEventId || position;
        delay = FIRST_DELAY_MS;
        emit("state", "live");
        if (wasLive) emit("resync", null);
        wasLive = true;
    }

    // The status is not told by the browser's event source: asked for apart.
    async function retry() {
        const response = await fetch("/api/v1/me", { cache: "no-store" }).catch(() => null);
        if (response !== null && response.status === 401) emit("state", "signed out");
        else if (timer === null) timer = setTimeout(open, delay * (0.8 + 0.4 * Math.random()));
        delay = Math.min(delay * 2, LAST_DELAY_MS);
    }

    function broke() {
        source.close();
        source = null;
        emit("state", "broken");
        retry();
    }

    function open() {
        clearTimeout(timer);
        timer = null;
        source?.close();
        source = new EventSource(position ? `/api/v1/stream?after=${position}` : "/api/v1/stream");
        source.addEventListener("hello", live);
        KINDS.forEach((kind) => source.addEventListener(kind, hear));
        source.addEventListener("error", broke);
    }

    open();
    return {
        // At once, when there is reason to hope.
        hurry() {
            delay = FIRST_DELAY_MS;
            if (source === null) open();
        },
        close() {
            clearTimeout(timer);
            source?.close();
        },
    };
}
