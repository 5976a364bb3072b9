import { existsSync, readFileSync } from "node:fs";

import { expect } from "chai";

import { reactTo, type Range } from "../../../../src/etl/transfers/refusal.ts";

type Case = {
  readonly message: string;
  readonly code?: number;
  readonly request?: readonly [number, number];
  readonly expect: { readonly action: string; readonly maxRange?: number; readonly range?: readonly [number, number] };
};

const wide: Range = { from: 0, to: 99_999_999 };

describe("reactTo", () => {
  const recorded = new URL("../../../../../shared/rpc-refusals.json", import.meta.url);
  const cases: Case[] = existsSync(recorded) ? JSON.parse(readFileSync(recorded, "utf8")).cases : [];
  for (const { message, code, request, expect: wanted } of cases)
    it(`${wanted.action}: ${message}`, () => {
      const asked = request === undefined ? wide : { from: request[0], to: request[1] };
      const reaction = reactTo(code === undefined ? { message } : { message, code }, asked);
      expect(reaction?.action).to.equal(wanted.action);
      if (wanted.maxRange !== undefined) expect(reaction).to.include({ maxRange: wanted.maxRange });
      if (wanted.range !== undefined)
        expect(reaction).to.deep.include({ range: { from: wanted.range[0], to: wanted.range[1] } });
    });

  it("never follows a cap that the refused range already kept", () => {
    const reaction = reactTo({ message: "block range exceeds 1000" }, { from: 1, to: 500 });
    expect(reaction).to.deep.equal({ action: "split", reason: "range" });
  });

  it("takes the limit of results from the message", () => {
    const reaction = reactTo({ message: "query returned more than 10000 results" }, wide);
    expect(reaction).to.deep.equal({ action: "split", reason: "results", maxResults: 10_000 });
  });

  it("halves where the suggested range is the refused one", () => {
    const message = "query exceeds max results 20000, retry with the range 10-20";
    expect(reactTo({ message }, { from: 10, to: 20 })).to.deep.equal({
      action: "split",
      reason: "results",
      maxResults: 20_000,
    });
  });

  it("waits at HTTP 429 and 503, whatever the words", () => {
    expect(reactTo({ message: "no", status: 429 }, wide)).to.deep.equal({ action: "backoff" });
    expect(reactTo({ message: "no", status: 503 }, wide)).to.deep.equal({ action: "backoff" });
  });

  it("leaves to the caller what no smaller range mends", () => {
    expect(reactTo({ message: "the method eth_getLogs does not exist", code: -32601 }, wide)).to.equal(undefined);
  });
});
