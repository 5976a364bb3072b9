import { createHash } from "node:crypto";

import * as z from "zod";

import { MetacoinError } from "../errors.ts";
import type { Store } from "./store.ts";

/** What is passed from state to state in place of data that is too large for it. */
export const referenceSchema = z.object({
  /** The name in the pipeline's store. */
  name: z.string(),
  url: z.string(),
  sha256: z.string(),
  size: z.int(),
});
export type Reference = z.infer<typeof referenceSchema>;

/** Text as it is passed on: itself, or where it is. */
export const passedSchema = z.union([z.object({ text: z.string() }), z.object({ file: referenceSchema })]);
export type Passed = z.infer<typeof passedSchema>;

/** Step Functions passes 256 KiB; this leaves room for what stands around the text. */
const inlineLimit = 200 * 1024;

/** Hands text on: inline up to 200 KiB of JSON, otherwise as a file named after its content. */
export async function pass(store: Store, text: string, suffix: string): Promise<Passed> {
  if (Buffer.byteLength(JSON.stringify(text)) <= inlineLimit) return { text };
  const sha256 = createHash("sha256").update(text).digest("hex");
  return { file: await keep(store, `passed/${sha256}${suffix}`, text) };
}

/** The text again. */
export async function receive(store: Store, passed: Passed): Promise<string> {
  if ("text" in passed) return passed.text;
  const bytes = await store.get(passed.file.name);
  if (bytes === undefined) throw new PassedFileMissingError(`${passed.file.url} is not there any more`);
  return new TextDecoder().decode(bytes);
}

/** Writes a file and says where it is, how large it is and what its sha256 is. */
export async function keep(
  store: Store,
  name: string,
  content: AsyncIterable<Uint8Array | string> | string,
): Promise<Reference> {
  const hash = createHash("sha256");
  let size = 0;
  async function* measured() {
    for await (const chunk of typeof content === "string" ? [content] : content) {
      const bytes = Buffer.from(chunk);
      hash.update(bytes);
      size += bytes.length;
      yield bytes;
    }
  }
  const url = await store.put(name, measured());
  return { name, url, sha256: hash.digest("hex"), size };
}

class PassedFileMissingError extends MetacoinError {
  override readonly code = "PASSED_FILE_MISSING";
}
