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

  const weekdayOf = (year: number, month: number, date: number) =>
    new Date(Date.UTC(year, month, date)).getUTCDay() + 1;
  const calendars: readonly (readonly [
    string,
    (date: number, weekday: number, last: number, month: number) => boolean,
  ])[] = [
    // 31 February is no date, and 1 March is one.
    ["1/10 * ?", (date) => [1, 11, 21, 31].includes(date)],
    ["29-31 2 ?", (date, _, __, month) => month === 1 && date === 29],
    ["31 4,6,12 ?", (date, _, __, month) => month === 11 && date === 31],
    ...[0, 1, 15, 29, 30].map(
      (before) =>
        [
          `L${before === 0 ? "" : `-${String(before)}`} * ?`,
          (date: number, _: number, last: number) => date === last - before,
        ] as const,
    ),
    ...[1, 4, 7].map(
      (day) =>
        [
          `? * ${String(day)}L`,
          (date: number, weekday: number, last: number) => weekday === day && date + 7 > last,
        ] as const,
    ),
    ...[1, 3, 5].map(
      (week) =>
        [
          `? * 6#${String(week)}`,
          (date: number, weekday: number) => weekday === 6 && Math.ceil(date / 7) === week,
        ] as const,
    ),
  ];
  for (const [days, isDay] of calendars)
    it(`fires on every day of ten years, leap years among them, that ${days} names`, () => {
      const from = Date.UTC(2023, 10, 20);
      const { next } = parseExpression(`cron(30 9 ${days} *)`, from);
      const found: string[] = [];
      const wanted: string[] = [];
      for (let at = next(from); at !== undefined && at < Date.UTC(2033, 10, 20); at = next(at))
        found.push(new Date(at).toISOString());
      for (let at = from + 34_200_000; at < Date.UTC(2033, 10, 20); at += 86_400_000) {
        const day = new Date(at);
        const [year, month, date] = [day.getUTCFullYear(), day.getUTCMonth(), day.getUTCDate()];
        const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
        if (isDay(date, weekdayOf(year, month, date), last, month)) wanted.push(day.toISOString());
      }
      expect(found).to.deep.equal(wanted);
    });

  const refused = [
    "rate(99999999999 days)",
    "cron(0 9 LW * ? *)",
    "cron(0 9 32W * ? *)",
    "cron(0 9 L-31 * ? *)",
    "cron(0 9 ? * FUNL *)",
    "cron(0 9 ? JAN ? *)",
    "cron(? 9 * * ? *)",
    "cron(0 9 1,L * ? *)",
    "cron(0 9 1,,2 * ? *)",
    "cron(*/0 9 * * ? *)",
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
