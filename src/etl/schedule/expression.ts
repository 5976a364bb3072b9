import cron from "aws-cron-parser";

import { UsageError } from "../../errors.ts";

/** When a schedule fires, in UTC as EventBridge does. */
export type Expression = {
  /** The first fire after `fromMs`; `undefined` where there is none any more. */
  readonly next: (fromMs: number) => number | undefined;
};

/**
 * Reads EventBridge's `rate(5 minutes)` and `cron(0 12 * * ? *)`.
 *
 * @param createdMs what a rate counts from.
 * @throws {ExpressionError} where EventBridge would refuse it.
 */
export function parseExpression(text: string, createdMs: number): Expression {
  const rate = /^rate\((\d+) (minute|hour|day)(s?)\)$/u.exec(text);
  if (rate !== null) return parseRate(text, rate, createdMs);
  const fields = /^cron\(([^()]*)\)$/u.exec(text)?.[1]?.trim().split(/\s+/u);
  if (fields === undefined) throw new ExpressionError(text, "it is neither rate(…) nor cron(…)");
  return parseCron(text, fields);
}

const unitMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

function parseRate(text: string, [, count, unit, plural]: RegExpExecArray, createdMs: number): Expression {
  const value = Number(count);
  if (value < 1) throw new ExpressionError(text, "a rate is a positive number");
  if ((value === 1) !== (plural === "")) throw new ExpressionError(text, "the unit is singular for 1 and plural above");
  const every = value * (unit === "day" ? unitMs.day : unit === "hour" ? unitMs.hour : unitMs.minute);
  return { next: (fromMs) => createdMs + (Math.floor(Math.max(0, fromMs - createdMs) / every) + 1) * every };
}

function parseCron(text: string, fields: readonly string[]): Expression {
  const [minutes, hours, dayOfMonth, months, dayOfWeek, years, ...more] = fields;
  if (years === undefined || more.length > 0) throw new ExpressionError(text, "cron has six fields");
  if ((dayOfMonth === "?") === (dayOfWeek === "?"))
    throw new ExpressionError(text, "one of day-of-month and day-of-week, and only one, is ?");
  const checked = [minutes, hours, dayOfMonth, months, dayOfWeek, years].map((field = "", at) =>
    checkField(text, field.toUpperCase(), rules[at] ?? rules[0]),
  );
  const parsed = cron.parse(checked.join(" "));
  return {
    next(fromMs) {
      let found = cron.next(parsed, new Date(fromMs));
      // The library takes 29 February of other years for 1 March: go on from there.
      while (found !== null && !isMeant(found, parsed)) found = cron.next(parsed, found);
      return found?.getTime();
    },
  };
}

/** Whether a date is in a month, and on a plain day of the month, that the expression names. */
function isMeant(date: Date, { months, daysOfMonth }: ReturnType<typeof cron.parse>): boolean {
  const isPlain = daysOfMonth.length > 0 && daysOfMonth.every((day) => typeof day === "number");
  return months.includes(date.getUTCMonth() + 1) && (!isPlain || daysOfMonth.includes(date.getUTCDate()));
}

type Rule = { readonly name: string; readonly min: number; readonly max: number; readonly names?: readonly string[] };

const rules: readonly [Rule, ...Rule[]] = [
  { name: "minutes", min: 0, max: 59 },
  { name: "hours", min: 0, max: 23 },
  { name: "day-of-month", min: 1, max: 31 },
  {
    name: "month",
    min: 1,
    max: 12,
    names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
  },
  { name: "day-of-week", min: 1, max: 7, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] },
  { name: "year", min: 1970, max: 2199 },
];

/** Checks a field and writes names as numbers and steps as lists, so that lists may hold steps. */
function checkField(text: string, field: string, rule: Rule): string {
  const { name, min, max } = rule;
  const refuse = () => new ExpressionError(text, `${field} is no ${name}`);
  if (field === "*") return field;
  if (field === "?" && name.startsWith("day")) return field;
  if (name === "day-of-month" && /^(?:L(?:-([1-9]|[12]\d|30))?|LW|([1-9]|[12]\d|3[01])W)$/u.test(field)) {
    if (field === "LW") throw new ExpressionError(text, "LW is not supported");
    return field;
  }
  if (name === "day-of-week") {
    if (field === "L") return "7";
    const [, day, mark] = /^(\w+?)(L|#[1-5])$/u.exec(field) ?? [];
    if (day !== undefined) {
      const number = numberOf(day, rule);
      if (number === undefined) throw refuse();
      return `${String(number)}${mark ?? ""}`;
    }
  }
  const numbers = field.split(",").flatMap((item) => {
    const [, whole, start, end, step] = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/u.exec(item) ?? [];
    const first = whole === "*" ? min : numberOf(start ?? "", rule);
    const open = whole === "*" || step !== undefined ? max : first;
    const last = end === undefined ? open : numberOf(end, rule);
    const by = Number(step ?? 1);
    if (first === undefined || last === undefined || last < first || by < 1 || first < min) throw refuse();
    return Array.from({ length: Math.floor((last - first) / by) + 1 }, (_, at) => first + at * by);
  });
  return [...new Set(numbers)].sort((one, other) => one - other).join(",");
}

function numberOf(word: string, { min, max, names = [] }: Rule): number | undefined {
  const at = names.indexOf(word);
  const number = at === -1 ? Number(/^\d+$/u.test(word) ? word : Number.NaN) : at + 1;
  return number >= min && number <= max ? number : undefined;
}

export class ExpressionError extends UsageError {
  constructor(text: string, why: string) {
    super(`"${text}" is no schedule: ${why}`, { hint: `"rate(5 minutes)" or "cron(0 12 ? * MON-FRI *)", in UTC` });
  }
}
