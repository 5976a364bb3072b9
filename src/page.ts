import { createHash } from "node:crypto";

/** What one page is made of; `title` is text, `body` is HTML whose values went through {@link escapeHtml}. */
export type PageParts = {
  readonly title: string;
  readonly body: string;
  /** CSS after the house style. Attributes `style="…"` do not work: the policy knows style sheets by their hash alone. */
  readonly style?: string;
  /** One classic script; it runs after the body was read. */
  readonly script?: string;
};

/**
 * One self-contained HTML page: it loads nothing, and its Content-Security-Policy says so.
 *
 * Light and dark follow the reader's system, through the variables `--back`, `--card`, `--line`, `--text`, `--dim`,
 * `--accent`, `--good`, `--warn` and `--bad`. Data for the script belongs into {@link dataBlock}.
 *
 * @example page({ title: "Report", body: `<h1>${escapeHtml(name)}</h1>` })
 */
export function page({ title, body, style = "", script = "" }: PageParts): string {
  const sheet = `${houseStyle}${style.replaceAll("</", "<\\/")}`;
  const code = scriptSafe(script);
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(sheet)}`,
    `script-src ${code === "" ? "'none'" : hashOf(code)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<link rel="icon" href="data:,">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${sheet}</style>`,
    "</head>",
    "<body>",
    body,
    ...(code === "" ? [] : [`<script>${code}</script>`]),
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** Text as it may stand in HTML, between tags and inside quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/gu, (sign) => `&#${String(sign.charCodeAt(0))};`);
}

/** A value the page's script reads: `JSON.parse(document.getElementById(id).textContent)`. */
export function dataBlock(id: string, value: unknown): string {
  const json = JSON.stringify(value).replaceAll("<", "\\u003c");
  return `<script type="application/json" id="${escapeHtml(id)}">${json}</script>`;
}

/** `</script` and `<!--` would end or swallow the element; the same characters escaped mean the same in JavaScript strings. */
function scriptSafe(script: string): string {
  return script.replace(/<(?=\/script)/giu, "\\u003c").replaceAll("<!--", "\\u003c!--");
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

const houseStyle = `
:root { color-scheme: light dark;
  --back: light-dark(#f6f7f9, #14161a); --card: light-dark(#ffffff, #1d2026); --line: light-dark(#d9dde3, #343a43);
  --text: light-dark(#1b1f26, #e6e9ee); --dim: light-dark(#5b6472, #9aa4b2); --accent: light-dark(#2457c5, #7ea6ff);
  --good: light-dark(#1a7f4b, #58c98b); --warn: light-dark(#96600a, #e0ad4f); --bad: light-dark(#bb2d3b, #ff7b86); }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 76rem; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 1rem; } h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
a { color: var(--accent); } small, .dim { color: var(--dim); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 600; } .number { text-align: right; }
pre, code { font: 13px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: 0; padding: .7rem; overflow: auto; background: var(--back); border: 1px solid var(--line); border-radius: 6px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
`;
