import * as z from "zod";

import { parseEvent } from "../fault.ts";
import type { HandlerContext } from "../handler.ts";

const eventSchema = z.object({
  execution: z.string(),
  state: z.string(),
  error: z.object({ Error: z.string(), Cause: z.string().default("") }),
  input: z.unknown(),
});

/** Keeps what could not be processed, and why, as a file in the pipeline's store. */
export async function handler(
  event: unknown,
  { store }: HandlerContext,
): Promise<{ readonly letter: string; readonly error: string; readonly cause: string }> {
  const letter = parseEvent(eventSchema, event);
  const name = `dead-letter/${letter.execution}-${letter.state}.json`.replaceAll(/[^\w./-]/gu, "_");
  const url = await store.put(name, `${JSON.stringify(letter, undefined, 2)}\n`);
  return { letter: url, error: letter.error.Error, cause: letter.error.Cause };
}
