import { escapeHtml } from "../../page.ts";

/** Ether with six digits that count. */
export function toEther(wei: bigint): string {
  return toDigits(Number(wei) / 1e18);
}

export function toGwei(wei: bigint): string {
  return toDigits(Number(wei) / 1e9);
}

export function toCount(value: bigint | number): string {
  return value.toLocaleString("en");
}

/** `2026-11-22 21:14:03` (UTC). */
export function toTime(iso: string): string {
  return iso.slice(0, 19).replace("T", " ");
}

/** `0x1234…abcd`. */
export function shorten(hex: string): string {
  return hex.length > 14 ? `${hex.slice(0, 6)}…${hex.slice(-4)}` : hex;
}

/** A link where `url` is one of the web; the text alone elsewhere. */
export function linkTo(url: string | undefined, text: string, title = ""): string {
  const hint = title === "" ? "" : ` title="${escapeHtml(title)}"`;
  if (url === undefined || !/^https?:\/\//u.test(url)) return `<span${hint}>${escapeHtml(text)}</span>`;
  return `<a href="${escapeHtml(url)}"${hint} rel="noreferrer">${escapeHtml(text)}</a>`;
}

function toDigits(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 6 });
}
