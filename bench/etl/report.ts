import { cpus, release, type } from "node:os";

/** Prints rows under a title, with when and where they were measured. */
export function report(title: string, rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const machine = `${String(cpus().length)} × ${cpus()[0]?.model ?? "?"}, ${type()} ${release()}, Node ${process.versions.node}`;
  console.log(`${title}\n${new Date().toISOString().slice(0, 10)}, ${machine}\n`);
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
