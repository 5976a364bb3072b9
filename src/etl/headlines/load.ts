import { createHash } from "node:crypto";

import { dropText } from "../drop.ts";
import { parseEvent } from "../fault.ts";
import type { HandlerContext } from "../handler.ts";
import { passedSchema, receive } from "../reference.ts";

/** Posts the CSV to the drop service and returns its answer. */
export async function handler(event: unknown, context: HandlerContext): Promise<unknown> {
  const text = await receive(context.store, parseEvent(passedSchema, event));
  const digest = createHash("sha256").update(text).digest("hex");
  return dropText(text, `headlines-${digest.slice(0, 12)}.csv`, context);
}
