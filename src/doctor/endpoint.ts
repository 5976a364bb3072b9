import { messageOf } from "../errors.ts";

import type { Check } from "./check.ts";

/** One JSON-RPC call to one endpoint, without retries. */
export type Request = (method: string, params: readonly unknown[]) => Promise<unknown>;

export type EndpointFacts = {
  /** How the endpoint is called in what is printed: its URL may hold a key. */
  readonly name: string;
  readonly chainId: number | undefined;
  /** Where it is to be mended. */
  readonly hint: string;
};

/** Milliseconds, as `Date.now`. */
export type Now = () => number;

const rounds = 3;
const slowMs = 1_000;

/** Whether an endpoint answers, for the right chain, and how fast: the median of a few calls after the first. */
export async function checkEndpoint(
  request: Request,
  { name, chainId, hint }: EndpointFacts,
  now: Now,
): Promise<Check> {
  const subject = name;
  try {
    const answered = Number(await request("eth_chainId", []));
    if (!Number.isSafeInteger(answered))
      return { subject, status: "broken", finding: "does not answer like an Ethereum node", hint };
    if (chainId !== undefined && answered !== chainId)
      return { subject, status: "broken", finding: `is of chain ${String(answered)}, not ${String(chainId)}`, hint };
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const started = now();
      await request("eth_blockNumber", []);
      times.push(now() - started);
    }
    const median = times.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
    const finding = `chain ${String(answered)}, ${median.toFixed(0)} ms a call`;
    return median > slowMs
      ? {
          subject,
          status: "warning",
          finding: `${finding}: slow`,
          hint: "A second URL in the same variable, after a comma, is used while this one fails",
        }
      : { subject, status: "ok", finding };
  } catch (error) {
    return { subject, status: "broken", finding: messageOf(error).replace(/^Endpoint \d+: /u, ""), hint };
  }
}

const aheadS = 30;
const behindS = 300;

/**
 * Compares this machine's clock with the time of the newest block.
 *
 * A block from the future means that the clock is behind; an old one, that it is ahead or that the node has stopped.
 */
export async function checkClock(request: Request, now: Now): Promise<Check> {
  const subject = "Clock";
  const block = await request("eth_getBlockByNumber", ["latest", false]);
  const timestamp = typeof block === "object" && block !== null && "timestamp" in block ? Number(block.timestamp) : NaN;
  if (Number.isNaN(timestamp)) return { subject, status: "warning", finding: "the newest block has no time" };
  const ageS = Math.round(now() / 1_000 - timestamp);
  if (ageS < -aheadS)
    return {
      subject,
      status: "broken",
      finding: `the newest block is ${String(-ageS)} s in the future: this machine's clock is behind`,
      hint: "timedatectl set-ntp true",
    };
  if (ageS > behindS)
    return {
      subject,
      status: "warning",
      finding: `the newest block is ${String(ageS)} s old: this clock is ahead, or the node has stopped following its chain`,
      hint: "timedatectl    tells whether the clock is synchronised; if it is, try another endpoint",
    };
  return { subject, status: "ok", finding: `the newest block is ${String(Math.max(0, ageS))} s old` };
}

/** Roughly what the contracts of this repository need together (gas), to tell "some" from "enough". */
const deploymentGas = 500_000n;

export type BalanceFacts = {
  readonly address: string;
  readonly toEther: (wei: bigint) => string;
  readonly hint: string;
};

/** Whether the account that signs could pay for a small deployment at the price of this moment. */
export async function checkBalance(request: Request, { address, toEther, hint }: BalanceFacts): Promise<Check> {
  const subject = "Balance";
  const balance = toBigInt(await request("eth_getBalance", [address, "latest"]));
  const price = toBigInt(await request("eth_gasPrice", []));
  const finding = `${address} holds ${toEther(balance)} ETH`;
  const needed = price * deploymentGas;
  return balance > 0n && balance >= needed
    ? { subject, status: "ok", finding }
    : { subject, status: "warning", finding: `${finding}; a small deployment costs about ${toEther(needed)}`, hint };
}

function toBigInt(value: unknown): bigint {
  return typeof value === "string" && /^0x[0-9a-f]+$/iu.test(value) ? BigInt(value) : 0n;
}
