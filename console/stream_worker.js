// One stream for all pages of this browser: a browser allows a server six connections, and each page would hold one.
import { openSource } from "./stream_source.js";

const ports = new Set();
let source = null;
let person = null;
let state = "connecting";

function tell(kind, data) {
    if (kind === "state") state = data;
    ports.forEach((port) => port.postMessage({ kind, data }));
}

// Somebody else has signed in: a new stream, with nothing of the old one.
function follow(newPerson) {
    if (newPerson === person && state !== "signed out") return;
    source?.close();
    person = newPerson;
    state = "connecting";
    source = openSource(tell);
}

self.addEventListener("connect", ({ ports: [port] }) => {
    port.addEventListener("message", ({ data }) => {
        if (data.kind === "follow") {
            ports.add(port);
            follow(data.person);
            port.postMessage({ kind: "state", data: state });
        } else if (data.kind === "hurry") {
            source?.hurry();
        } else if (data.kind === "leave") {
            ports.delete(port);
        }
    });
    port.start();
});
