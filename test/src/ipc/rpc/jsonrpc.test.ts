import { expect } from "chai";

import { MetacoinError } from "../../../../src/errors.ts";
import { answer, JsonRpcError, methodNotFound, readIncoming } from "../../../../src/ipc/rpc/jsonrpc.ts";

const seen: unknown[] = [];

function dispatch(method: string, params: unknown): unknown {
  seen.push([method, params]);
  if (method === "subtract" && Array.isArray(params)) return Number(params[0]) - Number(params[1]);
  if (method === "secret") throw new TypeError("the password is hunter2");
  if (method === "named") throw new MetacoinError("Out of cheese", { hint: "buy some" });
  if (method === "coded") throw new JsonRpcError(4001, "No", { why: "because" });
  if (method === "nothing") return undefined;
  throw methodNotFound(method);
}

async function ask(document: unknown): Promise<unknown> {
  const text = await answer(typeof document === "string" ? document : JSON.stringify(document), dispatch);
  return text === undefined ? undefined : JSON.parse(text);
}

describe("ipc/rpc/jsonrpc", () => {
  it("answers the examples of the specification", async () => {
    expect(await ask({ jsonrpc: "2.0", method: "subtract", params: [42, 23], id: 1 })).to.deep.equal({
      jsonrpc: "2.0",
      id: 1,
      result: 19,
    });
    expect(await ask({ jsonrpc: "2.0", method: "subtract", params: [1, 2] })).to.equal(undefined);
    expect(await ask({ jsonrpc: "2.0", method: "foobar", id: "1" })).to.have.nested.property("error.code", -32_601);
    expect(await ask('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]')).to.deep.equal({
      jsonrpc: "2.0",
      id: null,
      error: { code: -32_700, message: "Parse error" },
    });
    const invalid = { jsonrpc: "2.0", id: null, error: { code: -32_600, message: "Invalid Request" } };
    expect(await ask({ jsonrpc: "2.0", method: 1, params: "bar" })).to.deep.equal(invalid);
    expect(await ask([])).to.deep.equal(invalid);
    expect(await ask([1, 2, 3])).to.deep.equal([invalid, invalid, invalid]);
    expect(await ask([{ jsonrpc: "2.0", method: "subtract", params: [1, 2] }])).to.equal(undefined);
  });

  it("keeps an id even where the request is none, and refuses ids that are no ids", async () => {
    expect(await ask({ id: 7, method: "subtract" })).to.have.property("id", 7);
    expect(await ask({ jsonrpc: "2.0", id: {}, method: "subtract" })).to.have.nested.property("error.code", -32_600);
    expect(await ask({ jsonrpc: "2.0", id: 1, method: "subtract", params: "x" })).to.have.nested.property(
      "error.code",
      -32_600,
    );
  });

  it("tells a failure it knows, and nothing of one it does not", async () => {
    expect(await ask({ jsonrpc: "2.0", id: 1, method: "named" })).to.deep.equal({
      jsonrpc: "2.0",
      id: 1,
      error: { code: -32_000, message: "Out of cheese", data: { code: "FAILED", hint: "buy some" } },
    });
    expect(await ask({ jsonrpc: "2.0", id: 1, method: "coded" })).to.have.nested.property("error.data.why", "because");
    expect(await answer('{"jsonrpc":"2.0","id":1,"method":"secret"}', dispatch)).not.to.contain("hunter2");
  });

  it("answers null for nothing, since a result may not be missing", async () => {
    expect(await ask({ jsonrpc: "2.0", id: 1, method: "nothing" })).to.deep.equal({
      jsonrpc: "2.0",
      id: 1,
      result: null,
    });
  });

  it("refuses a batch that is only there to multiply work", async () => {
    seen.length = 0;
    const batch = Array.from({ length: 1001 }, (_, id) => ({ jsonrpc: "2.0", id, method: "nothing" }));
    expect(await ask(batch)).to.have.nested.property("error.code", -32_600);
    expect(seen).to.have.length(0);
  });

  it("reads replies, failures and notifications, and nothing else", () => {
    expect(readIncoming({ jsonrpc: "2.0", id: 1, result: 2 })).to.deep.equal({ id: 1, result: 2 });
    expect(readIncoming({ jsonrpc: "2.0", method: "m", params: 1 })).to.deep.equal({ method: "m", params: 1 });
    for (const document of [
      null,
      1,
      [],
      {},
      { jsonrpc: "2.0", id: 1 },
      { jsonrpc: "2.0", id: 1, error: { code: "x" } },
    ])
      expect(readIncoming(document)).to.equal(undefined);
  });
});
