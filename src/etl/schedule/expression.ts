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
  const fields = /^cron\(([^()]*)\)$/u.exec(text)?.[1]?.trim().toUpperCase().split(/\s+/u);
  if (fields === undefined) throw new ExpressionError(text, "it is neither rate(…) nor cron(…)");
  return parseCron(text, fields);
}

const unitMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
const longestRateMs = 100 * 365 * unitMs.day;

function parseRate(text: string, [, count, unit, plural]: RegExpExecArray, createdMs: number): Expression {
  const value = Number(count);
  if (value < 1) throw new ExpressionError(text, "a rate is a positive number");
  if ((value === 1) !== (plural === "")) throw new ExpressionError(text, "the unit is singular for 1 and plural above");
  const every = value * (unit === "day" ? unitMs.day : unit === "hour" ? unitMs.hour : unitMs.minute);
  if (every > longestRateMs) throw new ExpressionError(text, "a rate is a century at most");
  return { next: (fromMs) => createdMs + (Math.floor(Math.max(0, fromMs - createdMs) / every) + 1) * every };
}

function parseCron(text: string, fields: readonly string[]): Expression {
  const [minutes = "", hours = "", dayOfMonth = "", months = "", dayOfWeek = "", years, ...more] = fields;
  if (years === undefined || more.length > 0) throw new ExpressionError(text, "cron has six fields");
  if ((dayOfMonth === "?") === (dayOfWeek === "?"))
    throw new ExpressionError(text, "one of day-of-month and day-of-week, and only one, is ?");
  const when = {
    minutes: numbersIn(text, minutes, rules.minutes),
    hours: numbersIn(text, hours, rules.hours),
    months: numbersIn(text, months, rules.months),
    years: numbersIn(text, years, rules.years),
    isDay: dayOfMonth === "?" ? parseDayOfWeek(text, dayOfWeek) : parseDayOfMonth(text, dayOfMonth),
  };
  return { next: (fromMs) => nextMinute(when, fromMs) };
}

type When = {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: readonly number[];
  readonly years: readonly number[];
  readonly isDay: (day: Day) => boolean;
};

/** `weekday` is 1 for Sunday, as EventBridge counts; `last` is the last day of the month. */
type Day = { readonly date: number; readonly weekday: number; readonly last: number };

/** Looks at every day up to the last year that is named: 60,000 at most. */
function nextMinute({ minutes, hours, months, years, isDay }: When, fromMs: number): number | undefined {
  const from = (Math.floor(fromMs / unitMs.minute) + 1) * unitMs.minute;
  const lastYear = years.at(-1) ?? 0;
  for (let dayMs = Math.floor(from / unitMs.day) * unitMs.day; ; dayMs += unitMs.day) {
    const day = new Date(dayMs);
    const year = day.getUTCFullYear();
    if (year > lastYear) return undefined;
    if (!years.includes(year) || !months.includes(day.getUTCMonth() + 1) || !isDay(dayOf(day))) continue;
    const fires = hours.flatMap((hour) => minutes.map((minute) => dayMs + hour * unitMs.hour + minute * unitMs.minute));
    const found = fires.find((at) => at >= from);
    if (found !== undefined) return found;
  }
}

function dayOf(day: Date): Day {
  const last = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
  return { date: day.getUTCDate(), weekday: day.getUTCDay() + 1, last };
}

/** `L`, `L-3`, `15W`, or numbers. */
function parseDayOfMonth(text: string, field: string): When["isDay"] {
  if (field === "LW") throw new ExpressionError(text, "LW is not supported");
  const [isLast, before = "0"] = /^L(?:-([1-9]|[12]\d|30))?$/u.exec(field) ?? [];
  if (isLast !== undefined) return ({ date, last }) => date === last - Number(before);
  const [, near] = /^([1-9]|[12]\d|3[01])W$/u.exec(field) ?? [];
  if (near !== undefined) return (day) => day.date === nearestWeekday(Number(near), day);
  const dates = numbersIn(text, field, rules.dayOfMonth);
  return ({ date }) => dates.includes(date);
}

/** The weekday next to a date, in the same month; a month that is too short for the date has its last day instead. */
function nearestWeekday(wanted: number, { date, weekday, last }: Day): number {
  const target = Math.min(wanted, last);
  const onTarget = (((weekday - 1 + target - date) % 7) + 7) % 7;
  if (onTarget === 0) return target === last ? target - 2 : target + 1;
  if (onTarget === 6) return target === 1 ? 3 : target - 1;
  return target;
}

/** `L` (Saturday), `6L` (the last Friday), `2#1` (the first Monday), or numbers. */
function parseDayOfWeek(text: string, field: string): When["isDay"] {
  if (field === "L") return ({ weekday }) => weekday === 7;
  const [, name, mark] = /^(\w+?)(?:L|#([1-5]))$/u.exec(field) ?? [];
  if (name !== undefined) {
    const wanted = numberOf(name, rules.dayOfWeek);
    if (wanted === undefined) throw new ExpressionError(text, `${field} is no day-of-week`);
    const isIn = ({ date, last }: Day) => (mark === undefined ? date > last - 7 : Math.ceil(date / 7) === Number(mark));
    return (day) => day.weekday === wanted && isIn(day);
  }
  const weekdays = numbersIn(text, field, rules.dayOfWeek);
  return ({ weekday }) => weekdays.includes(weekday);
}

type Rule = { readonly name: string; readonly min: number; readonly max: number; readonly names?: readonly string[] };

const rules = {
  minutes: { name: "minutes", min: 0, max: 59 },
  hours: { name: "hours", min: 0, max: 23 },
  dayOfMonth: { name: "day-of-month", min: 1, max: 31 },
  months: {
    name: "month",
    min: 1,
    max: 12,
    names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
  },
  dayOfWeek: { name: "day-of-week", min: 1, max: 7, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] },
  years: { name: "year", min: 1970, max: 2199 },
} as const satisfies Readonly<Record<string, Rule>>;

/** What a field of lists, ranges and steps names, ascending. */
function numbersIn(text: string, field: string, rule: Rule): readonly number[] {
  const { name, min, max } = rule;
  const numbers = field.split(",").flatMap((item) => {
    const [, whole, start, end, step] = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/u.exec(item) ?? [];
    const first = whole === "*" ? min : numberOf(start ?? "", rule);
    const open = whole === "*" || step !== undefined ? max : first;
    const last = end === undefined ? open : numberOf(end, rule);
    const by = Number(step ?? 1);
    if (first === undefined || last === undefined || last < first || by < 1)
      throw new ExpressionError(text, `${field} is no ${name}`);
    return Array.from({ length: Math.floor((last - first) / by) + 1 }, (_, at) => first + at * by);
  });
  return [...new Set(numbers)].sort((one, other) => one - other);
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
