// Requests to /api/v1: JSON in, JSON out, and errors that say what happened.
import { noteServerTime } from "./time.js";

const BASE = "/api/v1";
let signedOut = () => {};

class ApiError extends Error {
    constructor(status, kind, text) {
        super(text);
        this.status = status;
        this.kind = kind;
    }
}

// Called once a request is answered 401.
export function onSignedOut(callback) {
    signedOut = callback;
}

export function address(path, query = {}) {
    const search = new URLSearchParams(
        Object.entries(query).filter(([, value]) => value !== "" && value != null),
    );
    return search.size > 0 ? `${BASE}${path}?${search}` : BASE + path;
}

function plan(method, body, signal) {
    const headers = { Accept: "application/json" };
    if (method !== "GET") headers["X-Opsroom"] = "1"; // a form on another site cannot send it
    if (body !== undefined) headers["Content-Type"] = "application/json";
    return {
        method,
        headers,
        signal,
        cache: "no-store",
        body: body === undefined ? undefined : JSON.stringify(body),
    };
}

async function readError(response) {
    const body = await response.json().catch(() => ({}));
    const error = body.error ?? {};
    return new ApiError(
        response.status,
        error.kind ?? "internal",
        error.text ?? `The server answered ${response.status}`,
    );
}

async function request(method, url, body, signal) {
    let response;
    try {
        response = await fetch(url, plan(method, body, signal));
    } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new ApiError(0, "unreachable", "The server cannot be reached");
    }
    noteServerTime(response.headers.get("Date"));
    if (response.ok) return response.json();
    const error = await readError(response);
    if (error.status === 401 && url !== `${BASE}/session`) signedOut();
    throw error;
}

export const get = (path, query, signal) => request("GET", address(path, query), undefined, signal);
export const post = (path, body = {}) => request("POST", BASE + path, body);
export const remove = (path) => request("DELETE", BASE + path);

// An id that the server has not seen: the same request sent twice is handled once.
export function requestId() {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
