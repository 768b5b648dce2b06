// A command's line from filled-in arguments, as one would type it.

const needsQuotes = (value) => value === "" || /[\s"'\\|&=]/.test(value) || value.startsWith("-");
const quoted = (value) => `"${value.replaceAll(/(["\\])/g, "\\$1").replaceAll("\n", " ")}"`;
const word = (value) => (needsQuotes(value) ? quoted(value) : value);

// What takes the words as they are.
const isRaw = (argument) => ["rest", "query", "pairs", "command"].includes(argument.type);

function argumentWords(argument, value, mustName) {
    if (argument.flag)
        return argument.type === "boolean" ? `--${argument.key}` : `--${argument.key} ${word(value)}`;
    if (argument.word) return `${argument.word} ${word(value)}`;
    if (isRaw(argument)) return value;
    return mustName ? `${argument.key}=${word(value)}` : word(value);
}

// By position while nothing before is missing, else by name; flags before a rest that would swallow them.
export function commandLine(command, values) {
    const given = command.args.filter((argument) => values[argument.key] !== undefined);
    const inOrder = [...given.filter((argument) => !isRaw(argument)), ...given.filter(isRaw)];
    let isMissing = false;
    const names = new Map(
        command.args.map((argument) => {
            const mustName = isMissing;
            isMissing ||= values[argument.key] === undefined && !argument.flag && !argument.word;
            return [argument.key, mustName];
        }),
    );
    return [
        command.name,
        ...inOrder.map((argument) => argumentWords(argument, values[argument.key], names.get(argument.key))),
    ].join(" ");
}
