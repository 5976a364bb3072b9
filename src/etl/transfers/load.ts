import * as z from "zod";

import { dropFile } from "../drop.ts";
import { parseEvent } from "../fault.ts";
import type { HandlerContext } from "../handler.ts";
import { referenceSchema } from "../reference.ts";

const eventSchema = z.object({ name: z.string(), rows: z.int(), file: referenceSchema });

/** Uploads the assembled file once, whatever happened to an earlier try. */
export async function handler(event: unknown, context: HandlerContext): Promise<unknown> {
  const { name, rows, file } = parseEvent(eventSchema, event);
  return { name, rows, ...(await dropFile(file, name, context)) };
}
