// The tutorial's comparison in this language: five ways to build one string, a million times each; then one long string.
//
//   node bench/strings/strings.ts [--rounds 9] [--write]    --write: the tables of README.md beside this file
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { format as percent, parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { format } from "../../src/text.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "9" }, write: { type: "boolean", default: false } },
});
const rounds = Number(values.rounds);
const times = 1_000_000;
const readme = new URL("README.md", import.meta.url);

/** Expressions in a, b (strings) and n (a number). They stand in text since no code here may use + on strings. */
const ways = {
  "+": `"hello " + a + ", you have " + n + " coins in " + b`,
  template: "`hello ${a}, you have ${n} coins in ${b}`",
  join: `["hello ", a, ", you have ", n, " coins in ", b].join("")`,
  "% (util.format)": `percent("hello %s, you have %d coins in %s", a, n, b)`,
  "format (src/text.ts)": `format("hello {a}, you have {n} coins in {b}", { a, n, b })`,
};

/** Ways to make one string of many pieces; `read` looks at its last character, which makes V8 lay it out in memory. */
const long = {
  "`text += piece`, never read": `let text = ""; for (let i = 0; i < times; i++) text += names[i & 1023]; return text.length;`,
  "`text = \\`${text}${piece}\\``, never read":
    "let text = ''; for (let i = 0; i < times; i++) text = `${text}${names[i & 1023]}`; return text.length;",
  "`text += piece`, read once at the end": `let text = ""; for (let i = 0; i < times; i++) text += names[i & 1023]; return read(text);`,
  '`pieces.push(piece)`, `pieces.join("")`, read once': `const pieces = []; for (let i = 0; i < times; i++) pieces.push(names[i & 1023]); return read(pieces.join(""));`,
};
const readEachTime = `let text = "", sum = 0; for (let i = 0; i < times; i++) { text += names[i & 1023]; sum += read(text); } return sum;`;

const names = Array.from({ length: 1024 }, (_, index) => `account-${index.toString(36).padStart(6, "0")}`);

/** A function of its own in a context of its own: no way profits from what V8 learned in another. */
function compile(body: string): (times: number) => number {
  const source = `(times) => { ${body} }`;
  return runInNewContext(source, { names, percent, format, read: (text: string) => text.charCodeAt(text.length - 1) });
}

const eachWay = (expression: string, use: string) =>
  compile(
    `let sum = 0; for (let i = 0; i < times; i++) { const a = names[i & 1023], b = names[(i * 7) & 1023], n = i; sum += ${use}; } return sum;`.replace(
      "TEXT",
      () => expression,
    ),
  );

type Row = { readonly name: string; readonly medians: readonly number[] };

/** Nanoseconds a piece, medians; the rounds of all candidates are interleaved. */
function measure(candidates: readonly (readonly [name: string, run: (times: number) => number])[], count: number) {
  const taken = new Map(candidates.map(([name]) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++)
    for (const [name, run] of candidates) {
      const started = process.hrtime.bigint();
      run(count);
      const ns = Number(process.hrtime.bigint() - started) / count;
      // The first round is for the compiler.
      if (round > 0) taken.get(name)?.push(ns);
    }
  return new Map([...taken].map(([name, all]) => [name, median(all)]));
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
}

function measureWays(): readonly Row[] {
  const built = measure(
    Object.entries(ways).map(([name, expression]) => [name, eachWay(expression, "(TEXT).length")] as const),
    times,
  );
  const read = measure(
    Object.entries(ways).map(([name, expression]) => [name, eachWay(expression, "read(TEXT)")] as const),
    times,
  );
  return Object.keys(ways).map((name) => ({ name, medians: [built.get(name) ?? 0, read.get(name) ?? 0] }));
}

function measureLong(): readonly Row[] {
  const each = measure(
    Object.entries(long).map(([name, body]) => [name, compile(body)] as const),
    times,
  );
  const few = 10_000;
  const quadratic = measure([["", compile(readEachTime)]], few);
  return [
    ...[...each].map(([name, ns]) => ({ name, medians: [ns] })),
    { name: `\`text += piece\`, read after each of ${few.toLocaleString("en")}`, medians: [quadratic.get("") ?? 0] },
  ];
}

/** Bytes of heap that one string of a million pieces takes before and after somebody reads it. */
function measureMemory(): readonly number[] {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const used = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = used();
  const body = `let text = ""; for (let i = 0; i < times; i++) text += names[i & 1023]; return [text];`;
  const held = runInNewContext(`(times) => { ${body} }`, { names })(times) as [string];
  const rope = used() - before;
  held[0].charCodeAt(0);
  const flat = used() - before;
  return [held[0].length, rope, flat];
}

function table(head: readonly string[], rows: readonly Row[]): string {
  const base = rows[0]?.medians.at(-1) ?? Number.NaN;
  return [
    `| ${head.join(" | ")} |`,
    `| --- |${" --: |".repeat(head.length - 1)}`,
    ...rows.map(({ name, medians }) => {
      const ratio = (medians.at(-1) ?? Number.NaN) / base;
      return `| ${[name, ...medians.map((ns) => ns.toFixed(0)), ratio.toFixed(2)].join(" | ")} |`;
    }),
  ].join("\n");
}

const [length = 0, rope = 0, flat = 0] = measureMemory();
const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
const report = [
  `Node ${process.versions.node} (V8 ${process.versions.v8}), ${cpus()[0]?.model.trim() ?? "unknown"}, ${String(cpus().length)} cores, ${new Date().toISOString().slice(0, 10)}; medians of ${String(rounds)} interleaved rounds of ${times.toLocaleString("en")}.`,
  table(["ns a string", "built", "built and read", "ratio"], measureWays()),
  table(["ns a piece of one long string", "", "ratio"], measureLong()),
  `The long string has ${length.toLocaleString("en")} characters: ${megabytes(rope)} MiB of heap before it is read, ${megabytes(flat)} MiB after.`,
].join("\n\n");
process.stdout.write(`${report}\n`);
if (values.write) {
  const [head = "", , tail = ""] = readFileSync(readme, "utf8").split(/<!-- results -->|<!-- end -->/u);
  writeFileSync(readme, [head, `<!-- results -->\n\n${report}\n\n<!-- end -->`, tail].join(""));
}
