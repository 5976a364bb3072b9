import { messageOf } from "../errors.ts";
import type { Receipt } from "../rpc/chain.ts";
import { toQuantity } from "../rpc/quantity.ts";
import { isRecord, type Rpc } from "../rpc/rpc.ts";
import type { Step } from "./step.ts";
import type { Abi } from "../registry/abi.ts";

/**
 * Says why a call reverted: the custom error with its arguments where one of the interfaces knows it,
 * `Error(string)` and `Panic(uint256)` (Solidity, "Error handling") otherwise, the node's message last.
 */
export async function explainRevert(thrown: unknown, interfaces: readonly { readonly abi: Abi }[]): Promise<string> {
  const data = findRevertData(thrown, 0);
  const decoded = data === undefined ? undefined : await decodeRevert(data, interfaces);
  return decoded ?? messageOf(thrown);
}

/** Undefined where no interface knows the data. */
async function decodeRevert(data: string, interfaces: readonly { readonly abi: Abi }[]): Promise<string | undefined> {
  if (data === "0x") return "no reason given";
  const { Interface } = await import("ethers");
  const builtIn = { abi: [errorOf("Error", "string"), errorOf("Panic", "uint256")] };
  for (const { abi } of [...interfaces, builtIn]) {
    const error = new Interface(JSON.stringify(abi)).parseError(data);
    if (error === null) continue;
    const args = error.args.map((argument) =>
      typeof argument === "string" ? JSON.stringify(argument) : String(argument),
    );
    if (error.name === "Panic") return panics.get(Number(error.args[0])) ?? `panic ${args.join()}`;
    return error.name === "Error" ? args.join() : `${error.name}(${args.join(", ")})`;
  }
  return undefined;
}

function errorOf(name: string, type: string) {
  return { type: "error", name, inputs: [{ name: "value", type }] };
}

/** Solidity 0.8, "Panic via assert and Error via require". */
const panics: ReadonlyMap<number, string> = new Map([
  [0x01, "panic: an assertion failed"],
  [0x11, "panic: arithmetic overflow or underflow"],
  [0x12, "panic: division by zero"],
  [0x21, "panic: a value outside its enum"],
  [0x31, "panic: pop of an empty array"],
  [0x32, "panic: an index outside its array"],
  [0x41, "panic: too much memory"],
  [0x51, "panic: call of an uninitialised function"],
]);

/** Clients put the data of a revert at different depths of their errors. */
function findRevertData(thrown: unknown, depth: number): string | undefined {
  if (depth > 4) return undefined;
  if (typeof thrown === "string") return /^0x([0-9a-f]{2})*$/iu.test(thrown) ? thrown : undefined;
  if (!isRecord(thrown)) return undefined;
  for (const key of ["data", "answer", "error", "cause"]) {
    const found = findRevertData(thrown[key], depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Plays a reverted transaction again at the end of its block to get the reason, which receipts do not hold. */
export async function explainRevertOnChain(
  rpc: Rpc,
  { from, to, data, value, gasLimit }: Step,
  { blockNumber }: Receipt,
  interfaces: readonly { readonly abi: Abi }[],
): Promise<string> {
  const call = { from, ...(to === undefined ? {} : { to }), data, value: toQuantity(value), gas: toQuantity(gasLimit) };
  try {
    await rpc.request("eth_call", [call, toQuantity(blockNumber)]);
    return "no reason: played again at the end of its block it succeeds";
  } catch (error) {
    return explainRevert(error, interfaces);
  }
}
