import { z } from "zod";

import { methods } from "../../src/signer/protocol.ts";
import { action } from "../action.ts";
import { callSigner } from "./signer-call.ts";

const schema = z.object({
  accounts: z.array(z.string()),
  chainId: z.number(),
  locked: z.boolean(),
  /** Milliseconds since 1970. */
  locksAt: z.number().nullable(),
  rulesSha256: z.string().nullable(),
});

type Status = z.output<typeof schema>;

export default action<{ readonly path: string }, Status>({
  run: async ({ path }, context) => schema.parse(await callSigner(path, methods.status, context)),
  render: ({ accounts, chainId, locked, locksAt, rulesSha256 }) =>
    [
      ...accounts.map((address) => `account  ${address}`),
      `chain    ${String(chainId)}`,
      `rules    ${rulesSha256 === null ? "none: everything asks" : `sha256 ${rulesSha256}`}`,
      `state    ${stateOf(locked, locksAt)}`,
    ].join("\n"),
});

function stateOf(locked: boolean, locksAt: number | null): string {
  if (locked) return "locked";
  return locksAt === null ? "unlocked" : `unlocked until ${new Date(locksAt).toISOString()}`;
}
