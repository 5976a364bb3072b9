import { expect } from "chai";

import { JsonRpcError } from "../../../src/ipc/rpc/jsonrpc.ts";
import { readTypedData } from "../../../src/signer/typed-data.ts";

const document = {
  types: {
    Vote: [
      { name: "yes", type: "bool" },
      { name: "weight", type: "uint8" },
    ],
  },
  primaryType: "Vote",
  domain: { name: "Test", chainId: 1 },
  message: { yes: true, weight: "0x10" },
};

describe("signer/typed-data", () => {
  it("gives a person the values that are signed to read, and no others", () => {
    const message = { comment: "only a test, signs nothing", yes: "false", weight: "0x10" };
    expect(readTypedData({ ...document, message }).message).to.deep.equal({ yes: true, weight: "16" });
  });

  for (const [what, more] of Object.entries({
    "a value that does not fit its type": { message: { yes: true, weight: 256 } },
    "a value that is missing": { message: { yes: true } },
    "a domain's type that lists other fields than the domain has": {
      types: { ...document.types, EIP712Domain: [{ name: "name", type: "string" }] },
    },
    "a field that no domain has": { domain: { name: "Test", origin: "somewhere" } },
    "a chain that is no number": { domain: { chainId: "mainnet" } },
  }))
    it(`refuses ${what} before anybody is asked`, () => {
      expect(() => readTypedData({ ...document, ...more }))
        .to.throw(JsonRpcError)
        .with.property("rpcCode", -32_602);
    });

  it("takes the domain's type in any order", () => {
    const EIP712Domain = [
      { name: "chainId", type: "uint256" },
      { name: "name", type: "string" },
    ];
    expect(readTypedData({ ...document, types: { ...document.types, EIP712Domain } }).types).to.deep.equal(
      document.types,
    );
  });
});
