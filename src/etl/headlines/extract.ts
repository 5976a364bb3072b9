import * as z from "zod";

import { MetacoinError } from "../../errors.ts";
import { call, describeAnswer, parseEvent } from "../fault.ts";
import type { HandlerContext } from "../handler.ts";
import { pass, type Passed } from "../reference.ts";

const eventSchema = z.object({ source: z.string().optional() });

/** The top headlines of a source, as the News API answers them. */
export async function handler(event: unknown, { env, fetch, store }: HandlerContext): Promise<Passed> {
  const key = env["NEWSAPI_KEY"];
  if (key === undefined || key === "")
    throw new MissingVariableError("Not all environment variables set", {
      hint: "Get a key at newsapi.org, then: NEWSAPI_KEY=… npx hardhat etl run headlines",
    });
  const { source } = parseEvent(eventSchema, event);
  if (source === undefined || source === "") throw new MissingSourceError("Source not set");
  const url = new URL(env["NEWSAPI_URL"] ?? "https://newsapi.org/v2/top-headlines");
  url.searchParams.set("sources", source);
  const response = await call(fetch, url, { headers: { "x-api-key": key } }, "The News API");
  if (response.status !== 200) throw new NewsApiError(await describeAnswer(response, "The News API"));
  return pass(store, await response.text(), ".json");
}

export class MissingVariableError extends MetacoinError {
  override readonly code = "MISSING_VARIABLE";
}

export class MissingSourceError extends MetacoinError {
  override readonly code = "MISSING_SOURCE";
}

export class NewsApiError extends MetacoinError {
  override readonly code = "NEWS_API";
}
