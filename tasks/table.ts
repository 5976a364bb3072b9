/**
 * Columns as wide as their widest cell, two spaces apart, indented by two.
 *
 * @param right the columns whose cells stand to the right, as numbers do.
 */
export function renderTable(
  rows: readonly (readonly string[])[],
  { right = [] }: { readonly right?: readonly number[] } = {},
): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)),
    [],
  );
  const lines = rows.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
    }),
  );
  return lines.map((cells) => `  ${cells.join("  ")}`.trimEnd()).join("\n");
}
