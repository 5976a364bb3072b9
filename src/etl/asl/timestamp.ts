const offsetDateTime =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:Z|[+-](\d{2}):(\d{2}))$/iu;

/**
 * Milliseconds since the epoch of an ISO 8601 date and time with an offset, or `undefined` where a text is none.
 * As in Java's ISO_OFFSET_DATE_TIME, which AWS names in its messages, the seconds may be left out.
 */
export function parseTimestamp(text: string): number | undefined {
  const parts = offsetDateTime.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offsetHour = 0, offsetMinute = 0] = parts
    .slice(1)
    .map((part) => Number(part ?? 0));
  const inRange = hour < 24 && minute < 60 && second < 60 && offsetHour < 19 && offsetMinute < 60;
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (!inRange || month < 1 || month > 12 || day < 1 || day > days) return undefined;
  return Date.parse(text);
}

/** What a time has beyond its milliseconds, in nanoseconds; AWS's times have nine digits after the point. */
export function nanosecondsBeyond(text: unknown): number {
  if (typeof text !== "string") return 0;
  const [, digits = ""] = /\.\d{3}(\d{1,6})/u.exec(text) ?? [];
  return Number(digits.padEnd(6, "0"));
}
