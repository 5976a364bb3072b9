/** The text of a terminal, as far as commands of this project use one. */
export type Screen = {
  readonly write: (output: string) => void;
  readonly lines: () => readonly string[];
};

// eslint-disable-next-line no-control-regex -- terminals are controlled by these
const token = /\u001B\[(?<numbers>[\d;]*)(?<final>[A-Za-z])|(?<text>[^\u001B\r\n]+)|[\r\n]/gu;

/** Knows line ends, moves up (CSI A), clearing below (CSI J) and to the right (CSI K); colours are left out. */
export function createScreen(): Screen {
  const rows = [""];
  let row = 0;
  let column = 0;
  const put = (text: string) => {
    const line = rows[row] ?? "";
    rows[row] = [line.slice(0, column).padEnd(column), text, line.slice(column + text.length)].join("");
    column += text.length;
  };
  const control = (final: string, count: number) => {
    if (final === "A") row = Math.max(0, row - count);
    if (final === "K") rows[row] = (rows[row] ?? "").slice(0, column);
    if (final !== "J") return;
    rows[row] = (rows[row] ?? "").slice(0, column);
    rows.length = row + 1;
  };
  return {
    write(output) {
      for (const { 0: found, groups } of output.matchAll(token)) {
        if (groups?.["final"] !== undefined) control(groups["final"], Number(groups["numbers"]) || 1);
        else if (groups?.["text"] !== undefined) put(groups["text"]);
        else if (found === "\r") column = 0;
        else {
          row += 1;
          rows[row] ??= "";
        }
      }
    },
    lines: () => [...rows],
  };
}
