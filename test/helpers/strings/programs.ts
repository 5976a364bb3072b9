import { stripTypeScriptTypes } from "node:module";
import { runInThisContext } from "node:vm";

import * as fc from "fast-check";

/** What each generated expression may name; each function writes down that it ran. */
const prelude = `
type Log = (entry: string) => void;
type Names = { s: string; t: string; n: number; z: number; b: bigint; f: boolean; u: string | undefined; e: null; m: string | number; box: { text: string } };
export const scope = (log: Log, { s, t, n, z, b, f, u, e, m, box }: Names) => {
  const str = (x: unknown): string => (log(\`str \${typeof x}\`), \`<\${String(x)}>\`);
  const num = (x: number): number => (log(\`num \${x}\`), x * 2);
  const o = { valueOf: () => (log("valueOf"), 7), toString: () => (log("toString"), "seven") };
  const d: any = o;
  return [
`;
const end = "\n  ] as const;\n};\n";

/** A file of expressions, each a function of its own. */
export function toProgram(expressions: readonly string[]): string {
  return `${prelude}${expressions.map((expression) => `    () => (${expression}),`).join("\n")}${end}`;
}

const variables = fc.constantFrom(
  "s",
  "t",
  "n",
  "z",
  "b",
  "f",
  "u",
  "e",
  "m",
  "o",
  "d",
  "box.text",
  "1",
  "2.50",
  "-3",
  "0n",
);

/** The insides of a literal, with all that a template would read otherwise. */
const textPiece = fc.constantFrom(
  "a",
  "1",
  "0",
  "$",
  "{",
  "}",
  "${",
  "`",
  "\\\\",
  "\\n",
  "\\0",
  "\\x41",
  "\\u{1F600}",
  "é",
  "\\'",
  '\\"',
  "//",
  "/*",
  "\\\n",
  "\\`",
  "\\${",
  "",
);
const pieces = fc
  .array(textPiece, { maxLength: 4 })
  .map((items) => items.join(""))
  // An octal escape would be a syntax error.
  .filter((text) => !/\\0\d/u.test(text));
const literal = fc.oneof(
  pieces.map((text) => `"${text.replaceAll(/(?<!\\)"/gu, '\\"')}"`),
  pieces.map((text) => `'${text.replaceAll(/(?<!\\)'/gu, "\\'")}'`),
);

const plus = fc.constantFrom(
  " + ",
  "+ ",
  " +\n ",
  "\n + ",
  " /* c1 */ + ",
  " + /* c2 */ ",
  " // c3\n + ",
  " + // c4\n ",
);

/** Expressions of sums, nested every way that JavaScript nests them. */
export const expression: fc.Arbitrary<string> = fc.letrec<{ any: string; sum: string; leaf: string; number: string }>(
  (tie) => ({
    leaf: fc.oneof({ weight: 3, arbitrary: variables }, { weight: 4, arbitrary: literal }),
    number: fc.oneof(
      fc.constantFrom("n", "z", "4"),
      tie("number").map((x) => `num(${x})`),
      fc.tuple(tie("number"), tie("number")).map(([a, b]) => `(${a} + ${b})`),
    ),
    sum: fc.tuple(tie("any"), plus, tie("any")).map(([a, op, b]) => `${a}${op}${b}`),
    any: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { weight: 6, arbitrary: tie("leaf") },
      { weight: 2, arbitrary: tie("number") },
      { weight: 6, arbitrary: tie("sum") },
      { weight: 3, arbitrary: tie("sum").map((x) => `(${x})`) },
      { weight: 1, arbitrary: tie("sum").map((x) => `(/* p */ ${x})`) },
      { weight: 2, arbitrary: tie("any").map((x) => `str(${x})`) },
      { weight: 1, arbitrary: tie("any").map((x) => `\`a\${${x}}b$\``) },
      { weight: 1, arbitrary: fc.tuple(tie("any"), tie("any")).map(([a, b]) => `(f ? ${a} : ${b})`) },
      { weight: 1, arbitrary: fc.tuple(tie("number"), tie("number")).map(([a, b]) => `${a} * ${b}`) },
      { weight: 1, arbitrary: tie("any").map((x) => `(t += ${x})`) },
      { weight: 1, arbitrary: tie("any").map((x) => `(box.text += ${x})`) },
      { weight: 1, arbitrary: tie("any").map((x) => `(u as string) + (${x})`) },
      { weight: 1, arbitrary: tie("any").map((x) => `(u ?? (${x}), d as string)`) },
      { weight: 1, arbitrary: tie("any").map((x) => `typeof (${x})`) },
    ),
  }),
).sum;

/** What each expression gives and what it ran on the way, or the kind of error it throws. */
export function evaluate(program: string): readonly unknown[] {
  const body = stripTypeScriptTypes(program).replace("export const scope =", "return");
  const scope = runInThisContext(`(() => {${body}})()`) as (
    log: (entry: string) => void,
    names: object,
  ) => (() => unknown)[];
  const count = scope(() => undefined, names()).length;
  return Array.from({ length: count }, (_, index) => {
    const log: string[] = [];
    const given = names();
    try {
      const value = scope((entry) => void log.push(entry), given)[index]?.();
      return { kind: typeof value, value: String(value), log, box: given.box.text };
    } catch (error) {
      return { error: error instanceof Error ? error.name : String(error), log, box: given.box.text };
    }
  });
}

function names() {
  return { s: "S", t: "${T}", n: 3, z: -0, b: 12n, f: true, u: undefined, e: null, m: 5, box: { text: "B" } };
}

/** The comments of a program, sorted: they may move, and none may be lost. */
export function commentsOf(program: string): readonly string[] {
  return [...program.matchAll(/\/\* \w+ \*\/|\/\/ c\d/gu)].map(([comment]) => comment).sort((a, b) => (a < b ? -1 : 1));
}
