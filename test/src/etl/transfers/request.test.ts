import type { ServerResponse } from "node:http";

import { expect } from "chai";

import { connect, readHeader } from "../../../../src/etl/transfers/chain.ts";
import { createRequest, RpcError } from "../../../../src/etl/transfers/request.ts";
import { MalformedAnswerError } from "../../../../src/rpc/quantity.ts";
import { serveStub, type Stub } from "../../../helpers/etl/news.ts";
import { rejection } from "../../../helpers/rejection.ts";

describe("createRequest", () => {
  let stub: Stub;
  let answer: (response: ServerResponse) => void;
  let authorization: string | undefined;
  before(async () => {
    stub = await serveStub((request, response) => {
      ({ authorization } = request.headers);
      answer(response);
    });
  });
  after(async () => stub.close());

  const ask = async () => createRequest(stub.url, fetch)("eth_getLogs", []);
  const refusal = async () => {
    const error = await rejection(ask());
    if (error instanceof RpcError) return error.refusal;
    throw error;
  };

  it("takes an error beside a null result for an error", async () => {
    answer = (response) => response.end('{"result":null,"error":{"code":-32005,"message":"range too wide"}}');
    expect(await refusal()).to.deep.equal({ message: "range too wide", code: -32005 });
    answer = (response) => response.end('{"result":[],"error":null}');
    expect(await ask()).to.deep.equal([]);
    answer = (response) => response.end('{"error":"not today"}');
    expect(await refusal()).to.deep.equal({ message: "not today" });
  });

  it("takes an HTML page for an endpoint that is busy, or for its status", async () => {
    answer = (response) => response.end("<html>");
    expect(await refusal()).to.include({ status: 503 });
    answer = (response) => response.writeHead(403).end("<html>");
    expect(await refusal()).to.include({ status: 403 });
    answer = (response) => response.end("null");
    expect(await refusal()).to.include({ message: "neither result nor error" });
  });

  it("takes an address with a password, and shows it to nobody else", async () => {
    answer = (response) => response.end('{"result":1}');
    const url = stub.url.replace("//", "//me:p%40ss@");
    expect(await createRequest(url, fetch)("eth_chainId", [])).to.equal(1);
    expect(authorization).to.equal(`Basic ${Buffer.from("me:p@ss").toString("base64")}`);
  });

  for (const [what, header] of [
    [
      "another block than it was asked for",
      { number: "0x6", hash: `0x${"1".repeat(64)}`, parentHash: `0x${"2".repeat(64)}` },
    ],
    ["a hash that is none", { number: "0x5", hash: "../../5", parentHash: `0x${"2".repeat(64)}` }],
    ["half a header", { number: "0x5" }],
  ] as const)
    it(`refuses ${what}`, async () => {
      answer = (response) => response.end(JSON.stringify({ result: header }));
      const { request } = connect({ env: { RPC_URL: stub.url }, fetch, sleep: async () => undefined });
      expect(await rejection(readHeader(request, 5))).to.be.instanceOf(MalformedAnswerError);
    });
});
