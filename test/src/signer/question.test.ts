import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { renderQuestion } from "../../../src/signer/question.ts";
import { readRules } from "../../../src/signer/rules.ts";
import { readTypedData } from "../../../src/signer/typed-data.ts";

const from = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

describe("signer/question", () => {
  it("shows what a transaction costs and does, and why it asks", () => {
    const act = {
      kind: "transaction",
      chainId: 5,
      from,
      to: undefined,
      value: 10n ** 16n,
      maxFee: 1n,
      data: `0x${"60".repeat(100)}`,
    } as const;
    expect(renderQuestion({ kind: "transaction", act, reasons: ["the rules allow no contract creation"] })).to.equal(
      [
        "Sign a transaction that creates a contract?",
        "  chain:   5",
        `  from:    ${from}`,
        "  to:      a new contract",
        "  value:   0.01 ETH",
        "  fee:     at most 0.000000000000000001 ETH",
        `  data:    0x${"60".repeat(36)}… (100 bytes)`,
        "  outside the rules: the rules allow no contract creation",
      ].join("\n"),
    );
  });

  it("lets no text move the cursor, hide a line or turn its direction", () => {
    const message = `0x${Buffer.from("a\u001B[2Jb\rc\nd\u202Ee\u2028f").toString("hex")}`;
    const text = renderQuestion({ kind: "message", from, message });
    expect(text.split("\n")).to.have.length(3);
    expect(text).to.contain("a\\u{1b}[2Jb\\u{d}c\\u{a}d\\u{202e}e\\u{2028}f");
  });

  it("shows bytes that are no text as bytes, such as a hash somebody wants signed", () => {
    const message = `0x${"fe".repeat(32)}`;
    expect(renderQuestion({ kind: "message", from, message })).to.contain(`${message} (32 bytes that are no text)`);
  });

  it("hides no field of typed data behind a long text", () => {
    const typed = readTypedData({
      types: {
        Order: [
          { name: "note", type: "string" },
          { name: "amount", type: "uint256" },
        ],
      },
      primaryType: "Order",
      domain: { name: "x".repeat(5000) },
      message: { note: "y".repeat(5000), amount: "123456789" },
    });
    expect(renderQuestion({ kind: "typedData", from, typed }))
      .to.contain('"amount":"123456789"')
      .and.have.length.below(800);
  });

  it("cuts a text that would scroll the question away", () => {
    const message = `0x${Buffer.from("x".repeat(100_000)).toString("hex")}`;
    const text = renderQuestion({ kind: "message", from, message });
    expect(text).to.have.length.below(2200).and.to.contain("(100000 characters)");
  });

  it("shows the rules that count, where a field stands in the file twice", async () => {
    const folder = await mkdtemp(join(tmpdir(), "signer-question-"));
    const path = join(folder, "rules.json");
    await writeFile(path, '{"chainIds":[1],"maxFeeEth":"0.01",\n\n"maxFeeEth":"100"}');
    const { sha256, document, rules } = await readRules(path);
    await rm(folder, { recursive: true });
    expect(rules.maxFeeEth).to.equal(100n * 10n ** 18n);
    const text = renderQuestion({ kind: "rules", sha256, document });
    expect(text).to.contain('"maxFeeEth": "100"').and.to.contain(sha256).and.not.to.contain("0.01");
  });
});
