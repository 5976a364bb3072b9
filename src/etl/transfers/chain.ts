import * as z from "zod";

import { MetacoinError } from "../../errors.ts";
import { MalformedAnswerError, toQuantity } from "../../rpc/quantity.ts";

import { reactTo } from "./refusal.ts";
import { createRequest, RpcError, type Request } from "./request.ts";
import type { HandlerContext } from "../handler.ts";

const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/iu)
  .transform((text) => text.toLowerCase());
const headerSchema = z.object({ number: z.string(), hash, parentHash: hash });

export type Header = { readonly number: number; readonly hash: string; readonly parentHash: string };

/** The header of a block, or `undefined` where this chain has no such block (yet). */
export async function readHeader(request: Request, block: number): Promise<Header | undefined> {
  const answer = await request("eth_getBlockByNumber", [toQuantity(block), false]);
  if (answer === null) return undefined;
  const { success, data } = headerSchema.safeParse(answer);
  if (!success || Number(data.number) !== block) throw new MalformedAnswerError(`block ${String(block)}`, answer);
  return { ...data, number: block };
}

/** The endpoint in `RPC_URL`; a busy one, or one out of reach, is asked up to six times. */
export function connect({ env, fetch, sleep }: Pick<HandlerContext, "env" | "fetch" | "sleep">): {
  readonly request: Request;
  /** As it comes: the reader of logs has its own patience. */
  readonly once: Request;
} {
  const url = env["RPC_URL"];
  if (url === undefined || !URL.canParse(url)) throw new EndpointMissingError(url);
  const once = createRequest(url, fetch);
  const request: Request = async (method, params) => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await once(method, params);
      } catch (error) {
        const isBusy = error instanceof RpcError && reactTo(error.refusal, { from: 0, to: 0 })?.action === "backoff";
        if (!isBusy || attempt === 5) throw error;
        await sleep(250 * 2 ** attempt);
      }
    }
  };
  return { request, once };
}

class EndpointMissingError extends MetacoinError {
  override readonly code = "RPC_URL";

  constructor(url: string | undefined) {
    super(`RPC_URL is ${url ? "no address" : "not set"}: transfers are read from a JSON-RPC endpoint`, {
      hint: "RPC_URL=http://127.0.0.1:8545 npx hardhat etl run transfers",
    });
  }
}
