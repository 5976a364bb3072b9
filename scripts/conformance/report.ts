import type { ExecutionVerdict } from "./executions.ts";

type Verdict = { readonly id: string; readonly category: string; readonly ok: boolean };

export type Verdicts = {
  readonly executions: readonly ExecutionVerdict[];
  readonly testStates: readonly Verdict[];
  readonly validations: readonly (Verdict & { readonly isAws: boolean; readonly expected: "OK" | "FAIL" })[];
  /** Cases that the recordings themselves mark as unusable. */
  readonly leftOut: number;
};

/** One measured share against the least it may be. */
type Measure = { readonly name: string; readonly right: number; readonly all: number; readonly floor: number };

/** The shares that are promised; `floor` is in per cent. */
export function measure({ executions, testStates, validations }: Verdicts): Measure[] {
  const causes = executions.filter(({ cause }) => cause !== undefined);
  const logs = executions.filter(({ log }) => log !== undefined);
  const jsonata = executions.filter(({ queryLanguage }) => queryLanguage === "JSONata");
  const accepted = [
    ...executions.map(({ accepted: ok }) => ok),
    ...validations.filter(({ isAws, expected }) => isAws && expected === "OK").map(({ ok }) => ok),
  ];
  return [
    share(
      "executions: status with output or error",
      executions.map(({ end }) => end),
      99,
    ),
    share(
      "executions in JSONata: the same",
      jsonata.map(({ end }) => end),
      100,
    ),
    share(
      "exact Cause, where the error is right",
      causes.map(({ cause }) => cause === true),
      95,
    ),
    share(
      "log of states: input, output, variables",
      logs.map(({ log }) => log === true),
      97,
    ),
    share(
      "TestState: the whole answer",
      testStates.map(({ ok }) => ok),
      95,
    ),
    share("definitions AWS accepts: accepted", accepted, 100),
  ];
}

function share(name: string, verdicts: readonly boolean[], floor: number): Measure {
  return { name, right: verdicts.filter(Boolean).length, all: verdicts.length, floor };
}

export function isMet({ right, all, floor }: Measure): boolean {
  return all === 0 || (right / all) * 100 >= floor;
}

/** The tables a person reads. */
export function render(verdicts: Verdicts): string {
  const { executions, testStates, validations, leftOut } = verdicts;
  const measures = measure(verdicts).map((one) => [
    one.name,
    ratio(one.right, one.all),
    percent(one.right, one.all),
    `${one.floor} %`,
    isMet(one) ? "ok" : "BELOW",
  ]);
  const categories = [...Map.groupBy(executions, ({ category }) => category)].map(([category, group]) => [
    category,
    count(group.map(({ end }) => end)),
    count(group.map(({ cause }) => cause)),
    count(group.map(({ log }) => log)),
  ]);
  const others = [
    ...testStates,
    ...validations.map((one) => ({ ...one, category: `${one.category}: ${one.expected}` })),
  ];
  const rest = [...Map.groupBy(others, ({ category }) => category)].map(([category, group]) => [
    category,
    count(group.map(({ ok }) => ok)),
  ]);
  return [
    table(["measure", "right", "share", "floor", ""], measures),
    table(["executions", "end", "cause", "log"], categories),
    table(["other cases", "right"], rest),
    `${leftOut} cases left out, which the recordings mark as unusable`,
  ].join("\n\n");
}

function count(verdicts: readonly (boolean | undefined)[]): string {
  const known = verdicts.filter((verdict) => verdict !== undefined);
  return known.length === 0 ? "-" : ratio(known.filter(Boolean).length, known.length);
}

function ratio(right: number, all: number): string {
  return `${right}/${all}`;
}

function percent(right: number, all: number): string {
  return all === 0 ? "-" : `${((right / all) * 100).toFixed(1)} %`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}
