import type { Interface } from "ethers";

import { MetacoinError } from "../errors.ts";
import type { RecordedArgument } from "../registry/record.ts";
import { counted } from "../text.ts";
import type { Artifact } from "./artifact.ts";
import type { Addressable, Argument } from "./script.ts";

/**
 * A constructor's arguments in their encoding, without 0x.
 *
 * @throws {WrongArgumentsError} where there are too few or too many.
 */
export async function encodeConstructor(artifact: Artifact, args: readonly Argument[]): Promise<string> {
  const inputs = artifact.abi.find(({ type }) => type === "constructor")?.inputs ?? [];
  if (inputs.length !== args.length) throw new WrongArgumentsError(artifact.contractName, inputs.length, args.length);
  if (args.length === 0) return "";
  return (await interfaceOf(artifact)).encodeDeploy(args.map(toEncodable)).slice(2);
}

/** The call data of a function with its arguments. */
export async function encodeCall(artifact: Artifact, functionName: string, args: readonly unknown[]): Promise<string> {
  return (await interfaceOf(artifact)).encodeFunctionData(functionName, args.map(toEncodable));
}

/** The form that a record keeps: integers as decimal strings, handles as addresses. */
export function toRecorded(argument: unknown): RecordedArgument {
  if (typeof argument === "bigint" || typeof argument === "number") return argument.toString();
  if (typeof argument === "string" || typeof argument === "boolean") return argument;
  if (Array.isArray(argument)) return argument.map(toRecorded);
  if (isHandle(argument)) return argument.address;
  if (argument instanceof Uint8Array) return `0x${Buffer.from(argument).toString("hex")}`;
  if (typeof argument === "object" && argument !== null) {
    return Object.fromEntries(Object.entries(argument).map(([key, value]) => [key, toRecorded(value)]));
  }
  return null;
}

export function addressOf(addressable: Addressable): string {
  return typeof addressable === "string" ? addressable : addressable.address;
}

/** Handles become addresses; everything else is as ethers takes it. */
function toEncodable(argument: unknown): unknown {
  if (Array.isArray(argument)) return argument.map(toEncodable);
  return isHandle(argument) ? argument.address : argument;
}

function isHandle(argument: unknown): argument is { readonly address: string } {
  return (
    typeof argument === "object" && argument !== null && "address" in argument && typeof argument.address === "string"
  );
}

async function interfaceOf({ abi }: Artifact): Promise<Interface> {
  const { Interface } = await import("ethers");
  return new Interface(JSON.stringify(abi));
}

class WrongArgumentsError extends MetacoinError {
  override readonly code = "WRONG_ARGUMENTS";

  constructor(contract: string, wanted: number, given: number) {
    super(`The constructor of ${contract} takes ${counted(wanted, "argument")}; the script gives ${String(given)}`, {
      hint: `deploy("${contract}", { args: […] })`,
    });
  }
}
