import { expect } from "chai";
import fc from "fast-check";

import { broadcast } from "../../../src/deploy/broadcast.ts";
import type { Outcome } from "../../../src/deploy/flight.ts";
import { noJournal } from "../../../src/deploy/journal.ts";
import type { Run, Slot } from "../../../src/deploy/run.ts";
import { signStep, type SignedTransaction } from "../../../src/deploy/sign.ts";
import type { Step } from "../../../src/deploy/step.ts";
import { BadEndpointError } from "../../../src/rpc/http.ts";
import { Crash, type Fault, ModelNode, modelSigner, sender } from "../../helpers/model-node.ts";

const chainId = 11155111;
const confirmations = 2;

function stepOf(nonce: number): Step {
  return {
    label: `step ${String(nonce)}`,
    name: `Step${String(nonce)}`,
    from: sender,
    to: sender,
    data: `0x${nonce.toString(16).padStart(2, "0")}`,
    value: 0n,
    nonce,
    gasUsed: 21_000n,
    gasLimit: 25_000n,
    effect: { kind: "transfer" },
  };
}

async function makeRun(count: number): Promise<Run> {
  const fees = { type: 2, maxFeePerGas: 210n, maxPriorityFeePerGas: 10n } as const;
  const slots: Slot[] = [];
  for (let nonce = 0; nonce < count; nonce++) {
    const step = stepOf(nonce);
    slots.push({ step, versions: [await signStep(step, chainId, fees, modelSigner)] });
  }
  return {
    id: "run",
    network: "model",
    chainId,
    genesisHash: "0x",
    startedAt: "",
    startBlock: 0,
    feeCeiling: 400n,
    slots,
  };
}

/** Broadcasts until it ends, starting over with what the journal has whenever the process dies. */
async function broadcastThroughCrashes(node: ModelNode, run: Run): Promise<readonly Outcome[]> {
  const durable = run.slots.map(({ versions }) => [...versions]);
  for (let life = 0; life < 60; life++) {
    const restored: Run = {
      ...run,
      slots: run.slots.map(({ step }, index) => ({ step, versions: [...(durable[index] ?? [])] })),
    };
    const journal = {
      ...noJournal,
      appendSigned: async (slot: number, signed: SignedTransaction) => void durable[slot]?.push(signed),
    };
    try {
      return await broadcast(restored, {
        rpc: node.rpc,
        journal,
        signerOf: () => modelSigner,
        confirmations,
        clock: node.clock,
      });
    } catch (error) {
      if (!(error instanceof Crash) && !(error instanceof BadEndpointError)) throw error;
    }
  }
  throw new Error("the broadcast never ended");
}

const time = fc.integer({ min: 0, max: 40_000 });
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constantFrom("crash", "drop", "fail before", "fail after", "foreign"), atMs: time }),
  fc.record({ kind: fc.constant("reorg"), atMs: time, depth: fc.integer({ min: 1, max: 4 }), forget: fc.boolean() }),
  fc.record({
    kind: fc.constant("spike"),
    atMs: time,
    baseFee: fc.integer({ min: 100, max: 800 }),
    blocks: fc.integer({ min: 1, max: 8 }),
  }),
  fc.record({ kind: fc.constant("window"), atMs: time, size: fc.integer({ min: 1, max: 5 }) }),
);

describe("broadcast", function () {
  this.timeout(120_000);

  it("lands everything at once where nothing goes wrong", async () => {
    const node = new ModelNode([]);
    const outcomes = await broadcastThroughCrashes(node, await makeRun(5));
    expect(outcomes.map(({ kind }) => kind)).to.deep.equal(Array(5).fill("landed"));
    expect(
      new Set(outcomes.map((outcome) => (outcome.kind === "taken" ? -1 : outcome.receipt.blockNumber))).size,
    ).to.equal(1);
  });

  it("sends again what a reorganisation forgot while later transactions still wait", async () => {
    const node = new ModelNode([
      { kind: "window", atMs: 0, size: 1 },
      { kind: "reorg", atMs: 4_500, depth: 2, forget: true },
    ]);
    const outcomes = await broadcastThroughCrashes(node, await makeRun(4));
    expect(outcomes.map(({ kind }) => kind)).to.deep.equal(Array(4).fill("landed"));
  });

  it("uses each nonce exactly once under any schedule of faults", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.array(fault, { maxLength: 12 }), async (count, faults) => {
        const node = new ModelNode(faults);
        const run = await makeRun(count);
        const outcomes = await broadcastThroughCrashes(node, run);
        const mined = node.mined;
        expect(outcomes).to.have.length(count);
        for (const [nonce, outcome] of outcomes.entries()) {
          const canonical = mined[nonce];
          // What the outcome says is what the canonical chain has at this nonce.
          expect(canonical?.nonce).to.equal(nonce);
          expect(canonical?.hash).to.equal(outcome.kind === "taken" ? outcome.by : outcome.receipt.transactionHash);
          expect(outcome.kind === "taken", "taken means that it is not ours").to.equal(canonical?.label === "foreign");
          if (outcome.kind === "taken") continue;
          const block = node.blocks[outcome.receipt.blockNumber];
          expect(block?.hash).to.equal(outcome.receipt.blockHash);
          expect(node.head.number - outcome.receipt.blockNumber + 1).to.be.at.least(confirmations);
          expect(outcome.signed.maxFeePerGas <= run.feeCeiling).to.be.true;
        }
        const ours = mined.filter(({ label }) => label !== "foreign").map(({ label }) => label);
        expect(new Set(ours).size, "no step twice").to.equal(ours.length);
      }),
      { numRuns: process.env["SOAK"] === "1" ? 20_000 : 1_000, seed: 20261122 },
    );
  });
});
