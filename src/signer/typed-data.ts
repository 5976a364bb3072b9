import { getAddress } from "ethers/address";
import { TypedDataEncoder } from "ethers/hash";
import { z } from "zod";

import { invalidParams } from "../ipc/rpc/jsonrpc.ts";
import type { Act } from "./judge.ts";

/** ethers and viem send the document as a JSON string; other wallets' clients as an object. */
export const typedDataParams = z.tuple([
  z.string().regex(/^0x[0-9a-fA-F]{40}$/u),
  z.union([z.string(), z.record(z.string(), z.unknown())]),
]);

const schema = z.object({
  types: z.record(z.string(), z.array(z.strictObject({ name: z.string(), type: z.string() }))),
  primaryType: z.string(),
  domain: z.strictObject({
    name: z.string().exactOptional(),
    version: z.string().exactOptional(),
    chainId: z.union([z.number(), z.string()]).transform(BigInt).exactOptional(),
    verifyingContract: z.string().exactOptional(),
    salt: z.string().exactOptional(),
  }),
  message: z.record(z.string(), z.unknown()),
});

/** An EIP-712 document as ethers signs it: without the domain's own type, which ethers derives; the message as it is encoded. */
export type TypedData = z.output<typeof schema>;

/** @throws {JsonRpcError} -32602 where it is no EIP-712 document. */
export function readTypedData(given: string | Record<string, unknown>): TypedData {
  let document: unknown = given;
  try {
    if (typeof given === "string") document = JSON.parse(given);
    const typed = schema.parse(document);
    const { EIP712Domain: domainFields, ...types } = typed.types;
    requireDomain(typed.domain, domainFields);
    requirePrimary(types, typed.primaryType);
    // What a person reads is what is signed: without fields that no type has, and "false" in quotes is true.
    const { message } = TypedDataEncoder.getPayload(typed.domain, types, typed.message);
    return { ...typed, types, message };
  } catch (error) {
    throw invalidParams(error instanceof z.ZodError ? z.prettifyError(error) : error);
  }
}

/** ethers signs for the domain's own fields: a document that lists others wants another signature than it would get. */
function requireDomain(domain: TypedData["domain"], fields: TypedData["types"][string] | undefined): void {
  const listed = fields?.map(({ name }) => name).toSorted();
  const given = Object.keys(domain).toSorted();
  if (listed !== undefined && listed.join(",") !== given.join(","))
    throw new TypeError(`EIP712Domain lists ${listed.join(", ") || "nothing"}, and the domain has ${given.join(", ")}`);
}

/** ethers takes the type nothing else refers to: had the document another in mind, a person would read one thing and sign another. */
function requirePrimary(types: TypedData["types"], primaryType: string): void {
  const used = new Set(Object.values(types).flatMap((fields) => fields.map(({ type }) => type.replace(/\[.*$/u, ""))));
  const roots = Object.keys(types).filter((name) => !used.has(name));
  if (roots.length !== 1 || roots[0] !== primaryType)
    throw new TypeError(
      `The primary type "${primaryType}" must be the one type no other refers to (${roots.join(", ")})`,
    );
}

/** What the rules look at. */
export function typedDataAct({ domain, primaryType }: TypedData): Act {
  const { chainId, verifyingContract } = domain;
  return {
    kind: "typedData",
    chainId: chainId === undefined ? undefined : Number(chainId),
    verifyingContract: verifyingContract === undefined ? undefined : checksum(verifyingContract),
    primaryType,
  };
}

function checksum(address: string): string {
  try {
    return getAddress(address.toLowerCase());
  } catch (error) {
    throw invalidParams(error);
  }
}
