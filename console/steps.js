// Steps of a job: in a row below a message, in a column on the job's page.
import { h } from "./dom.js";
import { counting, duration } from "./time.js";
import { signNode } from "./words.js";

function took(step, at) {
    if (step.state === "running" && step.since) return counting(0, step.since);
    if (step.state === "running" && step.duration_ms !== undefined) return counting(step.duration_ms, at);
    return step.duration_ms > 0 ? duration(step.duration_ms) : null;
}

// at: when these durations were true.
export function stepList(steps, at, className = "steps") {
    return h(
        "ul",
        { class: className },
        steps.map((step) =>
            h(
                "li",
                { class: `step is-${step.state}` },
                signNode(step.state),
                " ",
                h("span.step-name", step.name),
                " ",
                h("span.step-time", took(step, at)),
            ),
        ),
    );
}
