/** Blocks, both ends included. */
export type Range = { readonly from: number; readonly to: number };

/** How many blocks a range has. */
export function lengthOf({ from, to }: Range): number {
  return to - from + 1;
}

/** What to do after an endpoint refused `eth_getLogs`. */
export type Reaction =
  /** The endpoint said how many blocks it takes. */
  | { readonly action: "cap"; readonly maxRange: number }
  /** The endpoint said which range it would answer; `maxResults` where it named that limit too. */
  | { readonly action: "use-range"; readonly range: Range; readonly maxResults?: number }
  /** Too many blocks, or too large an answer: halve. */
  | { readonly action: "split"; readonly reason: "range" | "results"; readonly maxResults?: number }
  /** Too many calls: wait, then the same range. */
  | { readonly action: "backoff" }
  /** This node has not seen the last block yet: wait, then the same range. */
  | { readonly action: "retry-later" };

/** What an endpoint answered instead of logs: the JSON-RPC error, and the HTTP status where it was not 200. */
export type Refusal = { readonly message: string; readonly code?: number; readonly status?: number };

/**
 * Reads a refusal of `eth_getLogs`, for the wordings of the public endpoints.
 *
 * @returns `undefined` for an error that a smaller range or a pause does not mend.
 */
export function reactTo({ message, code, status }: Refusal, asked: Range): Reaction | undefined {
  if (isRate(message, code, status)) return { action: "backoff" };
  if (/invalid block range params|unknown block|header not found|block not found/iu.test(message))
    return { action: "retry-later" };
  const results = resultsLimitOf(message);
  const suggested = suggestedRange(message);
  if (suggested !== undefined)
    return isWithin(suggested, asked)
      ? { action: "use-range", range: suggested, ...results }
      : { action: "split", reason: "results", ...results };
  if (/results|response is too big|response size|too large a response|timed? ?out|too many logs/iu.test(message))
    return { action: "split", reason: "results", ...results };
  const maxRange = cappedRange(message);
  if (maxRange !== undefined)
    return maxRange < lengthOf(asked) ? { action: "cap", maxRange } : { action: "split", reason: "range" };
  if (/\brange\b|too many blocks|blocks? distance|limited to|too wide/iu.test(message))
    return { action: "split", reason: "range" };
  if (status === 413 || code === -32005 || code === -32008) return { action: "split", reason: "results" };
  if (status !== undefined && status >= 500) return { action: "backoff" };
  return undefined;
}

function isRate(message: string, code: number | undefined, status: number | undefined): boolean {
  return (
    code === 429 ||
    status === 429 ||
    code === -32012 ||
    /per second|\/sec\b|rate limit|too many requests|credits limited/iu.test(message)
  );
}

/** `[0x10, 0x20]` or `10-20` after the word range. */
function suggestedRange(message: string): Range | undefined {
  const [, from, to] =
    /range[^[]*\[(0x[0-9a-f]+|\d+), ?(0x[0-9a-f]+|\d+)\]/iu.exec(message) ??
    /retry with the range (\d+)-(\d+)/iu.exec(message) ??
    [];
  return from === undefined || to === undefined ? undefined : { from: Number(from), to: Number(to) };
}

/** A suggestion helps only where it is smaller than what was refused and starts where it started. */
function isWithin(suggested: Range, asked: Range): boolean {
  return suggested.from <= suggested.to && (suggested.from !== asked.from || suggested.to < asked.to);
}

/** The number that names the limit, in the order of how plainly it does. */
function cappedRange(message: string): number | undefined {
  const patterns = [
    /\(\d[\d,]* > (\d[\d,]*)\)/u,
    /max block range = (\d[\d,]*)/iu,
    /maximum is set to (\d[\d,]*)/iu,
    /(?:limit of|range limit|limited to(?: an?)?|max(?:imum)?(?: block)? range:?|max is|up to an?) (\d[\d,]*k?)/iu,
    /(?:distance|maximum|exceeds|requested blocks is):? (\d[\d,]*k?)/iu,
  ];
  for (const pattern of patterns) {
    const [, digits] = pattern.exec(message) ?? [];
    if (digits !== undefined) return numberOf(digits);
  }
  return undefined;
}

function resultsLimitOf(message: string): { readonly maxResults?: number } {
  const [, digits] = /(?:more than|max results|limit(?:ed to)?) (\d[\d,]*k?)(?: results|,|\b)/iu.exec(message) ?? [];
  return digits === undefined ? {} : { maxResults: numberOf(digits) };
}

function numberOf(digits: string): number {
  const plain = Number(digits.replaceAll(",", "").replace(/k$/iu, ""));
  return /k$/iu.test(digits) ? plain * 1000 : plain;
}
