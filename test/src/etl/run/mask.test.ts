import { expect } from "chai";

import { findPipeline } from "../../../../src/etl/pipelines.ts";
import { maskFor, maskJsonText, maskRecord, maskText } from "../../../../src/etl/run/mask.ts";

describe("maskFor", () => {
  it("masks secret values, as JSON in JSON and addresses write them, and keys inside an endpoint's address", () => {
    const mask = maskFor(findPipeline("transfers"), {
      LOAD_TOKEN: 'quo"te/one',
      RPC_URL: "https://rpc.example.org/v3/0123456789abcdef0123",
    });
    let nested = 'quo"te/one';
    for (let depth = 0; depth < 5; depth += 1) {
      expect(mask(nested)).not.to.contain("te/one");
      nested = JSON.stringify(nested);
    }
    expect(mask(`${encodeURIComponent('quo"te/one')} no project 0123456789abcdef0123 /v3/`)).to.equal(
      "*** no project *** /v3/",
    );
  });

  it("masks the password in an address that is no secret otherwise", () => {
    const mask = maskFor(findPipeline("headlines"), { LOAD_URL: "https://me:p%40ssword@drop.example.org/drop" });
    expect(mask("p%40ssword p@ssword https://drop.example.org/drop")).to.equal("*** *** https://drop.example.org/drop");
  });

  it("masks every writing of a secret: trimmed, in forms, in lower case, in an Authorization header", () => {
    const mask = maskFor(findPipeline("transfers"), {
      LOAD_TOKEN: "it's a/secret!\r",
      RPC_URL: "https://me:p%40ss@rpc.example.org?apikey=short1",
    });
    for (const written of [
      "it's a/secret!",
      new URLSearchParams({ a: "it's a/secret!" }).toString().slice(2),
      "it's%20a%2fsecret!",
      Buffer.from("me:p@ss").toString("base64"),
      "https://me:p%40ss@rpc.example.org/?apikey=short1",
      "short1",
    ])
      expect(mask(`<${written}>`), written).to.equal("<***>");
  });

  it("leaves an input JSON where a secret is a number, or the name of a field", () => {
    const mask = maskFor(findPipeline("headlines"), { LOAD_TOKEN: "123456", NEWSAPI_KEY: "text" });
    const input = '{"text":"no 123456 here","rows":123456}';
    const event = { id: 2, previousEventId: 1, timestamp: "", type: "TaskStateEntered" };
    const details = { stateEnteredEventDetails: { name: "text", input } };
    const kept = maskRecord({ type: "event", event: { ...event, ...details } }, mask);
    expect(kept).to.have.nested.property("event.stateEnteredEventDetails.name", "text");
    expect(kept).to.have.nested.property(
      "event.stateEnteredEventDetails.input",
      '{"text":"no *** here","rows":123456}',
    );
  });

  it("leaves what the journal is read by, whatever the secret is", () => {
    const mask = maskFor(findPipeline("headlines"), { LOAD_TOKEN: "started", NEWSAPI_KEY: "headlines" });
    const facts = {
      run: "1-headlines-2",
      pipeline: "headlines",
      runner: "local",
      definition: "{}",
      at: "",
      pid: 1,
    } as const;
    expect(maskRecord({ type: "started", input: { it: "headlines" }, ...facts }, mask)).to.deep.equal({
      type: "started",
      input: { it: "***" },
      ...facts,
    });
  });
});

describe("maskText and maskJsonText", () => {
  for (const [text, wanted] of [
    ["token=abc&x=1", "token=***&x=1"],
    ["Authorization: Bearer abc.def", "Authorization: ***"],
    ['{"body":"{\\"password\\":\\"x y\\"}"}', /^\{"body":"\{\\"password\\":\\"\*\*\*/u],
    ["https://me:pw@host/", "https://***@host/"],
    ["12 tokens of 5", "12 tokens of 5"],
    ['password: "", name: "a"', 'password: "***", name: "a"'],
    ['password: "correct horse battery staple", x', 'password: "***", x'],
    [`{"mnemonic":"test walk nut"}`, '{"mnemonic":"***"}'],
    ['"{\\"mnemonic\\":\\"test walk nut\\"}"', '"{\\"mnemonic\\":\\"***\\"}"'],
    [`mnemonic=${"test ".repeat(11)}junk`, "mnemonic=***"],
    ["secret: one, two", "secret: ***, two"],
  ] as const)
    it(`masks ${text}`, () => {
      if (typeof wanted === "string") expect(maskText(text)).to.equal(wanted);
      else expect(maskText(text)).to.match(wanted);
    });

  it("masks by name, numbers too, and a text that AWS cut off", () => {
    expect(maskJsonText('{"pin":1,"password":1234,"has_token":true}')).to.equal(
      '{"pin":1,"password":"***","has_token":true}',
    );
    expect(maskJsonText('{"apiKey":"hush","list":[1,')).to.equal('{"apiKey":"***","list":[1,');
  });
});
