import type { RunView, StateVisit } from "./view.ts";

/** The runs as a table. */
export function renderRuns(views: readonly RunView[]): string {
  if (views.length === 0) return "No runs yet: npx hardhat etl run headlines";
  const rows = views.map(({ run, status, startedAt, endedAt, error }) => [
    run,
    status,
    startedAt,
    duration(startedAt, endedAt),
    error ?? "",
  ]);
  return table([["RUN", "STATUS", "STARTED", "TOOK", "ERROR"], ...rows]);
}

/** One run, state by state. */
export function renderRun(view: RunView): string {
  const { run, pipeline, status, startedAt, endedAt, redrives, visits } = view;
  const head = [
    `${run}  ${pipeline}  ${status}`,
    `started ${startedAt}, took ${duration(startedAt, endedAt)}${redrives === 0 ? "" : `, gone on with ${String(redrives)} ×`}`,
  ];
  return [...head, "", ...visits.flatMap(renderVisit)].join("\n");
}

function renderVisit(visit: StateVisit): string[] {
  const { state, type, status, startedAt, endedAt, input, output, retries, error, cause, logs } = visit;
  const facts = [
    `${state} (${type})`,
    status,
    duration(startedAt, endedAt),
    ...(retries > 0 ? [`${String(retries)} retries`] : []),
  ];
  const detail = (name: string, text: string | undefined) =>
    text === undefined ? [] : [`  ${name.padEnd(7)} ${shorten(text)}`];
  return [
    facts.join("  "),
    ...detail("input", input),
    ...detail("output", output),
    ...detail("error", error === undefined ? undefined : [error, cause ?? ""].join(" ")),
    ...logs.map((line) => `  log     ${line}`),
  ];
}

function duration(from: string, to: string | undefined): string {
  if (to === undefined) return "…";
  const ms = Date.parse(to) - Date.parse(from);
  return ms < 10_000 ? `${String(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function shorten(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
