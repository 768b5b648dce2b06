// Where the console starts: who is it, then the frame, the stream and the page of the address.
import { onSignedOut } from "./api.js";
import { startKeyboard } from "./keyboard.js";
import { setPage, startNav } from "./nav.js";
import { failure } from "./page.js";
import { startRouter, warm } from "./router.js";
import { countApprovals, loadMe, startStore, store } from "./store.js";
import { on, startStream } from "./stream.js";
import { startTicking } from "./time.js";

const main = document.getElementById("main");

async function showSignIn() {
    const { open } = await import("./sign_in.js");
    document.body.classList.remove("is-signed-in");
    open(main);
}

async function start() {
    onSignedOut(showSignIn);
    warm();
    try {
        await loadMe();
    } catch (error) {
        if (error.status !== 401) main.replaceChildren(failure(error));
        return;
    }
    startNav();
    startStore();
    startStream(store.me.id);
    on("state", (state) => state === "signed out" && showSignIn());
    startKeyboard();
    startTicking();
    countApprovals();
    await startRouter(main, setPage);
}

start();
