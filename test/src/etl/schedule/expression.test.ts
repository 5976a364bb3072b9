import { expect } from "chai";

import { ExpressionError, parseExpression } from "../../../../src/etl/schedule/expression.ts";

const start = Date.parse("2026-11-22T21:14:30Z");

/** The first fires after `start`, to the minute. */
function fires(text: string, count: number): string[] {
  const { next } = parseExpression(text, start);
  const found: string[] = [];
  for (let at = next(start); at !== undefined && found.length < count; at = next(at))
    found.push(new Date(at).toISOString().slice(0, 16));
  return found;
}

describe("parseExpression", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["rate(5 minutes)", ["2026-11-22T21:19", "2026-11-22T21:24"]],
    ["rate(1 hour)", ["2026-11-22T22:14", "2026-11-22T23:14"]],
    ["rate(2 days)", ["2026-11-24T21:14"]],
    ["cron(0 12 * * ? *)", ["2026-11-23T12:00", "2026-11-24T12:00"]],
    ["cron(0/15 * * * ? *)", ["2026-11-22T21:15", "2026-11-22T21:30"]],
    ["cron(0 18 ? * MON-FRI *)", ["2026-11-23T18:00", "2026-11-24T18:00"]],
    ["cron(0 8 1 * ? *)", ["2026-12-01T08:00", "2027-01-01T08:00"]],
    ["cron(0 0 L * ? *)", ["2026-11-30T00:00", "2026-12-31T00:00"]],
    ["cron(0 0 ? * 6L *)", ["2026-11-27T00:00", "2026-12-25T00:00"]],
    ["cron(0 0 ? * 2#1 *)", ["2026-12-07T00:00", "2027-01-04T00:00"]],
    ["cron(0 0 ? * L *)", ["2026-11-28T00:00", "2026-12-05T00:00"]],
    ["cron(0 9 1W * ? *)", ["2026-12-01T09:00", "2027-01-01T09:00"]],
    ["cron(0 9 ? * MON#2 *)", ["2026-12-14T09:00"]],
    ["cron(0-10/5,30 6 * * ? *)", ["2026-11-23T06:00", "2026-11-23T06:05", "2026-11-23T06:10", "2026-11-23T06:30"]],
    ["cron(0 0 29 2 ? *)", ["2028-02-29T00:00"]],
    ["cron(0 0 1 1 ? 2020)", []],
  ];
  for (const [text, wanted] of cases)
    it(text, () => {
      expect(fires(text, wanted.length === 0 ? 1 : wanted.length)).to.deep.equal(wanted);
    });

  const refused = [
    "rate(1 minutes)",
    "rate(5 minute)",
    "rate(0 minutes)",
    "rate(5 seconds)",
    "cron(0 12 * * *)",
    "cron(0 12 * * * *)",
    "cron(0 12 ? * ? *)",
    "cron(60 12 * * ? *)",
    "cron(0 24 * * ? *)",
    "cron(0 0 32 * ? *)",
    "cron(0 0 ? * 8 *)",
    "cron(0 0 ? * 2#6 *)",
    "cron(5-1 0 * * ? *)",
    "*/5 * * * *",
  ];
  for (const text of refused)
    it(`refuses ${text}`, () => {
      expect(() => parseExpression(text, start)).to.throw(ExpressionError);
    });
});
