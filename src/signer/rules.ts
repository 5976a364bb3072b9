import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

import { getAddress } from "ethers/address";
import { parseEther } from "ethers/utils";
import { z } from "zod";

import { MetacoinError, messageOf } from "../errors.ts";

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/u, "must be 0x and 40 hexadecimal digits")
  .transform((text, context) => {
    try {
      return getAddress(text);
    } catch (error) {
      context.addIssue(messageOf(error));
      return z.NEVER;
    }
  });

const ether = z
  .string()
  .regex(/^\d+(\.\d{1,18})?$/u, 'must be an amount of ether in quotes, such as "0.05"')
  .transform((text) => parseEther(text));

const chainId = z.int().positive();

const schema = z.strictObject({
  chainIds: z.array(chainId).nonempty(),
  /** Whom a transaction may call or pay; creations are told by `contractCreation`. */
  recipients: z.union([z.literal("any"), z.array(address)]).default([]),
  contractCreation: z.boolean().default(false),
  maxValueEth: ether.prefault("0"),
  /** Gas limit times the price cap: the most a transaction can burn. */
  maxFeeEth: ether,
  /** Over a sliding window: how many transactions, and how much value and fees together. */
  rate: z
    .strictObject({ seconds: z.int().positive(), maxTransactions: z.int().positive(), maxSpendEth: ether.optional() })
    .optional(),
  /** `personal_sign`. */
  messages: z.boolean().default(false),
  /** `eth_signTypedData_v4`: a permit moves tokens as a transaction does, so each contract is named. */
  typedData: z
    .array(z.strictObject({ chainId, verifyingContract: address, primaryType: z.string().optional() }))
    .default([]),
});

/** What may be signed without asking; every amount in wei. */
export type Rules = z.output<typeof schema>;

/** Rules with the hash of the bytes they were read from. */
export type PinnedRules = {
  readonly rules: Rules;
  readonly sha256: string;
  /** The same bytes as a person may be shown them: a field that stands there twice counts once, as its last value. */
  readonly document: unknown;
};

/**
 * Reads a rules file once; later edits of the file change nothing.
 *
 * @throws {RulesError} where the file cannot be read or breaks the schema.
 */
export async function readRules(path: string): Promise<PinnedRules> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new RulesError(`Cannot read the rules in ${path}`, { cause: error });
  }
  const text = bytes.toString();
  const rules = parseRules(text, path);
  return { rules, sha256: createHash("sha256").update(bytes).digest("hex"), document: JSON.parse(text) };
}

/** @throws {RulesError} which names each field at fault. */
export function parseRules(text: string, path: string): Rules {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new RulesError(`${path} is no JSON: ${messageOf(error)}`, { cause: error });
  }
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path: at, message }) => `${at.join(".") || "file"}: ${message}`);
  throw new RulesError(`The rules in ${path} cannot be used: ${faults.join("; ")}`);
}

/**
 * Holds a rules file to the hash a person has named.
 *
 * @throws {RulesChangedError} where the file is another one.
 */
export function requirePin({ sha256 }: PinnedRules, pinned: string): void {
  if (sha256 === pinned.trim().toLowerCase()) return;
  throw new RulesChangedError(`The rules file has sha256 ${sha256}, not ${pinned}`, {
    hint: `Read the rules again; if they are what you want, start with --pin ${sha256}`,
  });
}

export class RulesError extends MetacoinError {
  override readonly code = "SIGNER_RULES";
}

export class RulesChangedError extends MetacoinError {
  override readonly code = "SIGNER_RULES_CHANGED";
}
