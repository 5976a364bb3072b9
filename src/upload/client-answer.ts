import { z } from "zod";

import { MetacoinError } from "../errors.ts";
import type { UploadAnswer } from "./protocol.ts";

const ranges = z.array(z.tuple([z.number(), z.number()]));
const upload = z.object({
  id: z.string().regex(/^[\w-]{0,64}$/u),
  state: z.enum(["active", "done", "failed", "gone"]),
  dir: z.string(),
  name: z.string(),
  size: z.number().nullable(),
  have: ranges,
  missing: ranges,
  chunk: z.number(),
  parallel: z.number(),
  expires: z.string().nullable(),
  sha256: z.string().nullable(),
  url: z.string().nullable(),
  reason: z.string().nullable(),
}) satisfies z.ZodType<UploadAnswer>;

/** What the server says of an upload. @throws {ForeignServerError} */
export function parseUpload(answer: unknown): UploadAnswer {
  return parseAnswer(upload, answer);
}

/** @throws {ForeignServerError} where something else answered. */
export function parseAnswer<Shape>(shape: z.ZodType<Shape>, answer: unknown): Shape {
  const { data, error } = shape.safeParse(answer);
  if (data !== undefined) return data;
  throw new ForeignServerError("The answer is not one of an upload server.", { cause: error });
}

/** A page of a proxy, or another program on that port. */
export class ForeignServerError extends MetacoinError {
  override readonly code = "FOREIGN_SERVER";
}
