import * as z from "zod";

/** What the pipeline is asked for: whose logs, from where to where, in what format. */
export const inputSchema = z.object({
  /** The contract of a deployment record. */
  address: z.string().regex(/^0x[0-9a-fA-F]{40}$/u, "an address has 40 hexadecimal digits"),
  /** The block of the contract's creation, by its record. */
  fromBlock: z.int().nonnegative(),
  /** The last block; by default the head less `confirmations`. */
  toBlock: z.int().nonnegative().optional(),
  /** How many blocks behind the head to stay (12). */
  confirmations: z.int().nonnegative().default(12),
  format: z.enum(["csv", "jsonl", "parquet"]).default("csv"),
  /** The chain that the record belongs to: another one behind the endpoint is an error. */
  chainId: z.int().positive().optional(),
});

/** A block that was seen under a hash before any log at or below it was read. */
const rungSchema = z.object({ number: z.int(), hash: z.string() });
export type Rung = z.infer<typeof rungSchema>;

/** One extraction, as the states hand it on. */
export const jobSchema = z.object({
  chainId: z.int(),
  address: z.string(),
  from: z.int(),
  to: z.int(),
  confirmations: z.int(),
  format: z.enum(["csv", "jsonl", "parquet"]),
  /** Descending: the last block, then blocks ever further below it. */
  rungs: z.array(rungSchema),
});
export type Job = z.infer<typeof jobSchema>;

/** `Transfer(address indexed from, address indexed to, uint256 value)` */
export const transferTopic = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

/** Where the parts of a contract's logs are kept. */
export function folderOf({ chainId, address }: Pick<Job, "chainId" | "address">): string {
  return `transfers/${String(chainId)}-${address.toLowerCase()}/`;
}
