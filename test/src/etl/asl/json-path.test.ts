import { expect } from "chai";

import { find, PathNotFoundError } from "../../../../src/etl/asl/json-path/find.ts";
import { parsePath } from "../../../../src/etl/asl/json-path/parse.ts";
import { PathSyntaxError } from "../../../../src/etl/asl/json-path/reader.ts";
import { isReference, putAt } from "../../../../src/etl/asl/json-path/reference.ts";
import type { Json } from "../../../../src/etl/asl/types.ts";

const store: Json = {
  books: [
    { title: "A", price: 8, tags: ["x"], author: { name: "Ann" } },
    { title: "B", price: 12, isbn: "0-553" },
    { title: "C", price: 9, tags: [] },
  ],
  "odd name": { "it's": 1 },
  expensive: 10,
};

const at = (path: string, from: Json = store) => find(parsePath(path), from);

describe("a JSONPath", () => {
  for (const [path, expected] of [
    ["$.expensive", 10],
    ["$['expensive']", 10],
    ["$[\"odd name\"]['it\\'s']", 1],
    ["$.books[0].title", "A"],
    ["$.books[-1].title", "C"],
    ["$.books[0,2].title", ["A", "C"]],
    ["$.books[0:2].title", ["A", "B"]],
    ["$.books[-2:].title", ["B", "C"]],
    ["$.books[*].price", [8, 12, 9]],
    ["$.books.length()", 3],
    ["$..price", [8, 12, 9]],
    ["$..name", ["Ann"]],
    ["$.books[0]['title','price']", { title: "A", price: 8 }],
    ["$.books[0]['title','none']", { title: "A" }],
    [
      "$.books[0:2]['title', 'price']",
      [
        { title: "A", price: 8 },
        { title: "B", price: 12 },
      ],
    ],
    ["$.books[?(@.isbn)].title", ["B"]],
    ["$.books[?(!@.isbn)].title", ["A", "C"]],
    ["$.books[?(@.price < $.expensive)].title", ["A", "C"]],
    ["$.books[?(@.price >= 9 && @.price != 12)].title", ["C"]],
    ["$.books[?(@.title == 'A' || @.title == \"B\")].price", [8, 12]],
    ["$.books[?(@.title in ['B', 'C'])].price", [12, 9]],
    ["$.books[?(@.title =~ /[ab]/i)].title", ["A", "B"]],
    ["$.books[?(@.tags contains 'x')].title", ["A"]],
    ["$.books[?(@.tags empty true)].title", ["C"]],
    ["$.books[?(@.author.name == Ann)].title", ["A"]],
    ["$..books[?(@.price > 10)].title", ["B"]],
    ["$.books[?(@.price > 99)]", []],
    ["$..price.sum()", []],
    ["$..books.length()", 3],
    ["$.books[0:3:2].title", ["A", "B", "C"]],
    ["$.books[-1:1].title", ["C", "A"]],
    ["$.books[-2:-1].title", ["B"]],
    ["$.books[1:-1].title", []],
    ["$.books[?(@.price == '8')].title", ["A"]],
    ["$.books[?(@.price === '8')].title", []],
    ["$.books[?(@.price > '8')].title", ["C"]],
    ["$.books[?(@.price =~ /1\\d/)].title", ["B"]],
    ["$.books[?(@.tags =~ /x/)].title", ["A"]],
    ["$.books[?(@.isbn nin ['1'])].title", ["A", "B", "C"]],
    ["$.books[?(@.isbn != @.author)].title", ["A", "B", "C"]],
    ["$.books[?(@.tags all ['x'])].title", ["A"]],
    ["$.books[?(@.tags subsetof ['x'])].title", ["A", "C"]],
  ] as const) {
    it(`finds ${path}`, () => expect(at(path)).to.deep.equal(expected));
  }

  it("has no function but length()", () => {
    expect(() => at("$.books.size()")).to.throw(PathNotFoundError);
    expect(at("$.books.size()", { books: { "size()": 1 } })).to.equal(1);
  });

  it("takes escaped characters in a plain name", () => {
    expect(at("$.a\\.b", { "a.b": 1 })).to.equal(1);
  });

  it("does not find what objects inherit", () => {
    expect(() => at("$.constructor")).to.throw(PathNotFoundError);
    expect(() => at("$.__proto__.toString")).to.throw(PathNotFoundError);
  });

  it("says in Jayway's words what is missing", () => {
    const message = (path: string, from: Json = store) => {
      try {
        at(path, from);
        return undefined;
      } catch (error) {
        return error instanceof PathNotFoundError ? error.message : error;
      }
    };
    expect(message("$.none")).to.equal("No results for path: $['none']");
    expect(message("$.none.deeper")).to.equal("Missing property in path $['none']");
    expect(message("$.books[7]")).to.equal("No results for path: $['books'][7]");
    expect(message("$.expensive[0]")).to.equal("Filter: [0] can only be applied to arrays. Current context is: 10");
    expect(message("$.a[0]", { a: null })).to.equal("The path $['a'] is null");
    expect(message("$.expensive.x")).to.match(
      /^Expected to find an object with property \['x'\] in path \$\['expensive'\] but found 'java.lang.Integer'/u,
    );
  });

  for (const wrong of [
    "",
    "a",
    "$.",
    "$..",
    "$[",
    "$['a",
    "$.a[",
    "$.a[]",
    "$.a[?(@.b ==)]",
    "$.a[?(@.b =~ /(/)]",
    "$ .a",
    "$.a.length(1)",
    "$.a b",
  ]) {
    it(`refuses ${JSON.stringify(wrong)}`, () => expect(() => parsePath(wrong)).to.throw(PathSyntaxError));
  }
});

describe("a Reference Path", () => {
  it("has names and indexes alone", () => {
    expect(isReference(parsePath("$.a['b'][0]"))).to.equal(true);
    for (const path of ["$.a[*]", "$..a", "$.a[0:1]", "$.a[?(@.b)]", "$.a.length()"])
      expect(isReference(parsePath(path)), path).to.equal(false);
  });

  it("puts a value where it points, and makes the objects on the way", () => {
    expect(putAt(parsePath("$.a.b"), { c: 1 }, 2)).to.deep.equal({ c: 1, a: { b: 2 } });
    expect(putAt(parsePath("$.a[1]"), { a: [1, 2, 3] }, 9)).to.deep.equal({ a: [1, 9, 3] });
    expect(putAt(parsePath("$"), { a: 1 }, 2)).to.equal(2);
  });

  it("leaves the document as it was", () => {
    const document = { a: { b: 1 } };
    putAt(parsePath("$.a.b"), document, 2);
    expect(document).to.deep.equal({ a: { b: 1 } });
  });

  it("fails where something else is on the way", () => {
    const documents: [string, Json][] = [
      ["$.a", "text"],
      ["$.a.b", { a: 1 }],
      ["$.a[2]", { a: [1] }],
    ];
    for (const [path, document] of documents) {
      expect(() => putAt(parsePath(path), document, 0))
        .to.throw()
        .with.property("error", "States.ReferencePathConflict");
    }
  });

  it("keeps __proto__ a name like any other", () => {
    const put = putAt(parsePath("$.__proto__"), {}, { polluted: true });
    expect(JSON.stringify(put)).to.equal('{"__proto__":{"polluted":true}}');
    expect({}).to.not.have.property("polluted");
  });
});
