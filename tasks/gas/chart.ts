const levels = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

type ChartOptions = {
  /** Lines, 5 by default. */
  readonly height?: number;
  /** How a value is written beside its line. */
  readonly label: (value: bigint) => string;
};

/**
 * A chart of bars for a terminal, two columns a value. It goes from the smallest value to the largest, both written at
 * the side, so that small changes show: the lowest bar is no zero.
 */
export function renderChart(values: readonly bigint[], { height = 5, label }: ChartOptions): string {
  const [first] = values;
  if (first === undefined) return "";
  const least = values.reduce((one, other) => (one < other ? one : other), first);
  const most = values.reduce((one, other) => (one > other ? one : other), first);
  const steps = height * 8 - 1;
  // In eighths of a line, 1 at least; in the middle where nothing ever changed.
  const bars = values.map((value) =>
    most === least
      ? steps >> 1
      : Math.round(Number(((value - least) * 10_000n) / (most - least)) * (steps / 10_000)) + 1,
  );
  const [top, bottom] = [label(most), most === least ? "" : label(least)];
  const width = Math.max(top.length, bottom.length);
  return Array.from({ length: height }, (_, row) => {
    const floor = (height - 1 - row) * 8;
    const cells = bars.map((bar) => (levels[Math.min(8, Math.max(0, bar - floor))] ?? " ").repeat(2)).join("");
    const side = row === 0 ? top : row === height - 1 ? bottom : "";
    return `${side.padStart(width)} ${side === "" ? "│" : "┤"}${cells}`.trimEnd();
  }).join("\n");
}
