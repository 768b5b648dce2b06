// Elements made without markup: every word becomes a text node, so that nothing said by anybody can become a tag.

const SVG = "http://www.w3.org/2000/svg";
// Control characters, and the signs that turn the direction of text around: shown by name, never obeyed.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

function named(character) {
    const code = character.codePointAt(0);
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return code === 0x7f ? "\u2421" : `[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`;
}

// What a text shows, with nothing in it that cannot be seen.
function visible(text) {
    return String(text).replaceAll("\r\n", "\n").replace(HIDDEN, named);
}

function addChild(node, child) {
    if (child === null || child === undefined || child === false) return;
    if (Array.isArray(child)) child.forEach((each) => addChild(node, each));
    else node.append(child instanceof Node ? child : document.createTextNode(visible(child)));
}

function setAttribute(node, name, value) {
    if (value === null || value === undefined || value === false) return;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "data")
        Object.entries(value).forEach(([key, each]) => {
            node.dataset[key] = each;
        });
    else if (name === "value" || name === "checked" || name === "disabled") node[name] = value;
    else node.setAttribute(name, value === true ? "" : visible(value));
}

const isAttributes = (value) => value !== null && typeof value === "object" && value.constructor === Object;

function build(node, rest) {
    if (isAttributes(rest[0]))
        Object.entries(rest.shift()).forEach(([name, value]) => setAttribute(node, name, value));
    addChild(node, rest);
    return node;
}

// h("a.job", { href: "/jobs/4", onclick: open }, "#", 4): a tag with its classes, attributes if there are any (null and
// false ones are left out), what is in it (null and false are left out too).
export function h(name, ...rest) {
    const [tag, ...classes] = name.split(".");
    const node = document.createElement(tag);
    if (classes.length > 0) node.className = classes.join(" ");
    return build(node, rest);
}

export const svg = (tag, ...rest) => build(document.createElementNS(SVG, tag), rest);

export function replace(node, ...children) {
    node.replaceChildren();
    addChild(node, children);
    return node;
}

// Only what is different is touched: focus, selection and scroll places stay.
export function setText(node, text) {
    const shown = visible(text);
    if (node.textContent !== shown) node.textContent = shown;
}

let count = 0;
export function newId(prefix) {
    count += 1;
    return `${prefix}-${count}`;
}

// A link is one only when it leads to the web.
export function outside(text, url) {
    if (!/^https?:\/\//i.test(url)) return h("span", text);
    return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text);
}

export const jobLink = (job) => h("a.job-number", { href: `/jobs/${job}` }, `#${job}`);

// Said once by a screen reader, without moving anything.
export function announce(text) {
    const region = document.getElementById("live");
    if (region) region.append(h("p", text));
    while (region && region.childElementCount > 5) region.firstElementChild.remove();
}
