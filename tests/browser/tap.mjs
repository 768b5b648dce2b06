// Test points on standard output, in the manner of TAP: "ok 3 - what was shown".

let count = 0;
let failed = 0;
let current = "";

function say(isGood, name, detail) {
    count += 1;
    failed += isGood ? 0 : 1;
    console.log(`${isGood ? "ok" : "not ok"} ${count} - ${current ? `${current}: ` : ""}${name}`);
    if (!isGood && detail)
        String(detail)
            .split("\n")
            .slice(0, 30)
            .forEach((line) => console.log(`#   ${line}`));
}

export const check = (condition, name, detail) => say(Boolean(condition), name, detail);
export const checkIs = (got, expected, name) =>
    say(got === expected, name, `expected: ${expected}\ngot: ${got}`);

// One part of the test: what it throws is a failure, and the next part goes on.
export async function part(name, run) {
    const start = Date.now();
    current = name;
    try {
        await run();
    } catch (error) {
        say(false, "went through", error.stack);
    }
    current = "";
    console.log(`# ${((Date.now() - start) / 1000).toFixed(1)} s ${name}`);
}

export function done() {
    console.log(`1..${count}`);
    return failed === 0 ? 0 : 1;
}
