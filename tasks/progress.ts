/** Where a command tells what it is doing: always stderr, since stdout carries the result alone. */
export type Progress = {
  /** A line that stays. */
  readonly line: (text: string) => void;
  /** Replaces the live lines at the bottom of a terminal; elsewhere it prints nothing. */
  readonly live: (text: string) => void;
};

/** A live display on a terminal; plain lines where `stream` is a file or a pipe. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  let shown = 0;
  const clear = () => {
    if (shown > 0) stream.write(`\u001B[${String(shown)}A\u001B[J`);
    shown = 0;
  };
  return {
    line(text) {
      clear();
      stream.write(`${text}\n`);
    },
    live(text) {
      if (!stream.isTTY) return;
      clear();
      if (text === "") return;
      const lines = text.split("\n").map((line) => cut(line, stream.columns));
      stream.write(`${lines.join("\n")}\n`);
      shown = lines.length;
    },
  };
}

function cut(line: string, columns: number): string {
  return line.length < columns ? line : line.slice(0, Math.max(0, columns - 1));
}
