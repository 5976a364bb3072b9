import { execFileSync } from "node:child_process";

import { expect } from "chai";
import fc from "fast-check";

import { pickle } from "../../../src/ipc/pickle.ts";
import { unpickle } from "../../../src/ipc/unpickle.ts";

const python = "/usr/bin/python3";

/** Pickles by Python, in every protocol. */
function dump(expression: string): Buffer[] {
  const code = `import pickle\nfor p in range(6): print(pickle.dumps(${expression}, p).hex())`;
  return execFileSync(python, ["-c", code])
    .toString()
    .trim()
    .split("\n")
    .map((hex) => Buffer.from(hex, "hex"));
}

describe("pickle", () => {
  for (const [expression, value] of [
    ["[8, 8]", [8, 8]],
    ["None", null],
    ["[True, False, -1, 255, 65536, -2147483649, 1.5]", [true, false, -1, 255, 65536, -2147483649, 1.5]],
    ["2**70", 2n ** 70n],
    ["(1, (2, 3), [4, 'é'])", [1, [2, 3], [4, "é"]]],
    ["{'a': {'b': [None]}, 'c': 'a'}", { a: { b: [null] }, c: "a" }],
  ] as const) {
    it(`reads Python's ${expression} in protocols 2 to 5`, () => {
      for (const bytes of dump(expression).slice(2)) expect(unpickle(bytes)).to.deep.equal(value);
    });
  }

  it("reads back what it writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(unpickle(pickle(value)))).to.equal(JSON.stringify(value));
      }),
    );
  });

  it("writes what Python reads", () => {
    const value = { a: [1, -1, 2 ** 40, 1.5, "é", true, null], b: {} };
    const code = "import pickle, sys, json; print(json.dumps(pickle.loads(bytes.fromhex(sys.argv[1]))))";
    const text = execFileSync(python, ["-c", code, pickle(value).toString("hex")]).toString();
    expect(JSON.parse(text)).to.deep.equal(value);
  });

  it("refuses everything that could run code", () => {
    for (const expression of ["__import__('os').system", "complex(1, 2)", "type('C', (), {})", "{1, 2}"]) {
      const code = `import pickle\nprint(pickle.dumps(${expression}, 2).hex())`;
      const bytes = (() => {
        try {
          return Buffer.from(execFileSync(python, ["-c", code], { stdio: "pipe" }).toString().trim(), "hex");
        } catch {
          return Buffer.from("cposix\nsystem\n.");
        }
      })();
      expect(() => unpickle(bytes), expression).to.throw("could run code");
    }
  });

  it("refuses references that would grow without end, and bombs of small lists", () => {
    for (const bytes of dump("(lambda x: [x, x, x])([1])")) expect(() => unpickle(bytes)).to.throw("twice");
    expect(() => unpickle(Buffer.alloc(1_000_000, "]"))).to.throw("values");
    for (const bytes of dump("(lambda x: [x] * 200)('x' * 10000)").slice(1))
      expect(() => unpickle(bytes)).to.throw("too often");
    for (const bytes of dump("[{'name': n} for n in range(1000)]").slice(1))
      expect(unpickle(bytes)).to.have.length(1000);
    expect(() => unpickle(Buffer.from(`${"]".repeat(200)}${"a".repeat(199)}.`))).to.throw("too deeply");
  });

  it("throws nothing else, whatever comes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          unpickle(Buffer.from(bytes));
        } catch (error) {
          expect(error).to.have.property("code", "PROTOCOL");
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("sets no prototype", () => {
    const value = unpickle(pickle(JSON.parse('{"__proto__": {"polluted": true}}')));
    expect(Reflect.get({}, "polluted")).to.equal(undefined);
    expect(Object.getPrototypeOf(value)).to.equal(Object.prototype);
  });
});
