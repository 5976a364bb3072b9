import { expect } from "chai";

import { checkText } from "../../helpers/strings/plant.ts";

/** The kinds that are found, a line of the text at a time. */
async function kindsIn(lines: readonly string[], name?: string): Promise<readonly string[]> {
  const head = "declare let name: string, count: number, any: any, either: string | number, list: object;";
  const { found } = await checkText([head, ...lines].join("\n"), name);
  return found.map(({ line, kind }) => `${String(line - 1)} ${kind}`);
}

describe("strings check", () => {
  it("catches each kind, also those that linters miss", async () => {
    const kinds = await kindsIn([
      `const a = "hello " + name;`,
      "const b = `hello ` + name + `!`;",
      "const c = name + name;",
      "name += count;",
      `const d = "a message " +`,
      `  "over two lines";`,
      "const e = [name].reduce((all, one) => all + one);",
      "const f = list + name;",
      "const g = either + either;",
    ]);
    expect(kinds).to.deep.equal([
      "1 literal",
      "2 literal",
      "3 names",
      "4 append",
      "5 split literals",
      "7 names",
      "8 names",
      "9 names",
    ]);
  });

  it("leaves numbers alone", async () => {
    expect(await kindsIn(["count += 1;", "const a = count + 1 + Number(name);", "const b = 1n + 2n;"])).to.be.empty;
  });

  it("finds a sum within an operand of another one, and tells the place of each", async () => {
    const { found } = await checkText(`declare const n: string;\nconst a = "a" + [n + "b"].join("c" + n);\n`);
    expect(found.map(({ line, column, text }) => [line, column, text])).to.deep.equal([
      [2, 11, `"a" + [n + "b"].join("c" + n)`],
      [2, 18, `n + "b"`],
      [2, 32, `"c" + n`],
    ]);
  });

  it("counts columns as editors do, whatever stands before", async () => {
    const { found } = await checkText(`const 名 = "é😀"; const b = "é" + 名;\n`);
    expect(found.map(({ column }) => column)).to.deep.equal([28]);
  });

  it("tells sums that it cannot judge apart: an operand is any", async () => {
    const { found, unknown } = await checkText("declare const a: any;\nconst b = a + a, c = a + 1, d = a + 'x';\n");
    expect(found.map(({ text }) => text)).to.deep.equal(["a + 'x'"]);
    expect(unknown.map(({ text }) => text)).to.deep.equal(["a + a", "a + 1"]);
  });

  it("reads JavaScript and JSX", async () => {
    const text = `const name = "x"; const a = <b title={"t" + name}>{name + name}</b>;`;
    expect((await checkText(text, "planted.jsx")).found.map(({ kind }) => kind)).to.deep.equal(["literal", "names"]);
    expect((await checkText(`let s = "a";\ns += 1;`, "planted.mjs")).found.map(({ kind }) => kind)).to.deep.equal([
      "append",
    ]);
  });
});
