import * as z from "zod";

import { toCsv } from "../csv.ts";
import { parseEvent } from "../fault.ts";
import type { HandlerContext } from "../handler.ts";
import { pass, passedSchema, receive, type Passed } from "../reference.ts";

const answerSchema = z.object({
  articles: z.array(
    z.object({
      source: z.object({ name: z.string().nullable() }),
      title: z.string().nullable(),
      author: z.string().nullish(),
      url: z.string().nullable(),
    }),
  ),
});

/** Articles → CSV, a line an article. Takes the API's answer itself too, so that a sample of it is a test event. */
export async function handler(event: unknown, { store }: HandlerContext): Promise<Passed & { readonly rows: number }> {
  const received = z.union([passedSchema, answerSchema]).safeParse(event);
  const answer: unknown =
    received.success && !("articles" in received.data) ? JSON.parse(await receive(store, received.data)) : event;
  const { articles } = parseEvent(answerSchema, answer);
  const rows = articles.map(({ source, title, author, url }) => [source.name, title, author ?? null, url]);
  return { ...(await pass(store, toCsv(["Source", "Title", "Author", "URL"], rows), ".csv")), rows: rows.length };
}
