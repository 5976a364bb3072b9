/** What a terminal showed from a moment on. */
export type Frame = { readonly atMs: number; readonly lines: readonly string[] };

type Drawing = { readonly columns: number; readonly title: string };

const lineHeight = 19;
const charWidth = 8.43;
const margin = 16;

/** Frames closer than this are seen as one. */
const shortestMs = 120;

/** An SVG that plays the frames once and rests on the last; without animation only the last is seen. */
export function draw(frames: readonly Frame[], { columns, title }: Drawing): string {
  const seen = frames.filter(({ atMs }, index) => (frames[index + 1]?.atMs ?? Infinity) - atMs >= shortestMs);
  const rows = Math.max(...seen.map(({ lines }) => lines.length));
  const width = Math.ceil(columns * charWidth + 2 * margin);
  const height = rows * lineHeight + 2 * margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="${String(height)}" viewBox="0 0 ${String(width)} ${String(height)}" role="img">`,
    `<title>A terminal: ${escape(title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="#16181d"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#d7dae0" xml:space="preserve">`,
    ...seen.map((frame, index) => drawFrame(frame, seen[index + 1])),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function drawFrame({ atMs, lines }: Frame, next: Frame | undefined): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)}s`;
  const [visibility, change] =
    next === undefined
      ? ["visible", `<set attributeName="visibility" to="hidden" begin="0s" end="${seconds(atMs)}"/>`]
      : [
          "hidden",
          `<set attributeName="visibility" to="visible" begin="${seconds(atMs)}" end="${seconds(next.atMs)}"/>`,
        ];
  const texts = lines.flatMap((line, row) => (line.trim() === "" ? [] : [drawLine(line, row)]));
  return [`<g visibility="${visibility}">`, change, ...texts, "</g>"].join("\n");
}

function drawLine(line: string, row: number): string {
  const y = margin + (row + 0.75) * lineHeight;
  const fill = line.startsWith("$ ") ? ` fill="#8fd18f"` : "";
  // Blanks are kept as they are also where xml:space is not known.
  return `<text x="${String(margin)}" y="${y.toFixed(1)}"${fill}>${escape(line.trimEnd()).replaceAll(" ", "\u{A0}")}</text>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
