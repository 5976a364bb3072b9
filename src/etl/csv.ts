import Papa from "papaparse";

/** What a cell may hold; `null` is an empty cell. */
export type Cell = string | number | bigint | boolean | null;

/**
 * CSV by RFC 4180, with a header and CRLF.
 *
 * Text that a spreadsheet would run as a formula (`=`, `+`, `-` or `@` first, white space before it or not) gets an
 * apostrophe in front; numbers and hexadecimal text are left as they are.
 */
export function toCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [header, ...rows].map((row) => row.map(guard));
  return `${Papa.unparse(lines, { newline: "\r\n" })}\r\n`;
}

function guard(cell: Cell): string {
  const text = cell === null ? "" : String(cell);
  return typeof cell === "string" && isFormula(text) ? `'${text}` : text;
}

function isFormula(text: string): boolean {
  const start = /^[\s\p{Cc}\p{Cf}]*[=+\-@]/u.test(text);
  return start && !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(text);
}
