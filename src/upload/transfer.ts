import type { IncomingMessage, ServerResponse } from "node:http";

import type { Hold, Range, Store } from "./core.ts";
import { TooLargeError, type CutError } from "./failures.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { createGather, receive, type Rate } from "./receive.ts";

/** What every protocol is given. */
export type Context = {
  readonly store: Store;
  readonly rate: Rate;
  readonly log: Log;
  readonly metrics: Metrics;
};

/** Digests bytes as they come; `verify` throws where they are not what was declared. */
export type Verifier = { readonly update: (bytes: Buffer) => void; readonly verify: () => void };

/** Records what was written; where nobody said how much will come, it asks each time whether there is room for more. */
export function committer(store: Store, id: string, hold: Hold): () => void {
  const upload = store.uploads.get(id);
  if (upload.size !== undefined) return hold.commit;
  return () => {
    hold.commit();
    store.admitBytes(upload, 0);
  };
}

/**
 * Writes a request's whole body into an upload, from `start` on and not beyond `end`.
 *
 * With a verifier the bytes count when all are there and verified; without one, each of them counts once written,
 * also those of a request that is cut.
 */
export async function transfer(
  { store, rate, metrics }: Context,
  {
    request,
    response,
    id,
    range: [start, end],
    verifier,
    stop,
  }: {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly id: string;
    readonly range: Range;
    readonly verifier?: Verifier | undefined;
    readonly stop?: AbortSignal | undefined;
  },
): Promise<{ readonly bytes: number; readonly cut: CutError | undefined }> {
  const hold = await store.uploads.hold(id, [start, end]);
  const gather = createGather(hold, verifier === undefined ? committer(store, id, hold) : () => undefined);
  const take = (slice: Buffer) => {
    metrics.received(slice.length);
    if (start + gather.bytes() + slice.length > end)
      throw new TooLargeError(`The body goes beyond byte ${String(end)}, where the upload ends`);
    verifier?.update(slice);
    gather.push(slice);
  };
  try {
    const cut = await receive({ request, response, rate, take, full: gather.full, stop });
    if (verifier !== undefined && cut !== undefined) return { bytes: 0, cut };
    verifier?.verify();
    await gather.flush();
    hold.commit();
    return { bytes: gather.bytes(), cut };
  } finally {
    await gather.settle();
    hold.release();
  }
}
