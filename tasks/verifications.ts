import type { Verification } from "../src/registry/verify.ts";
import { renderTable } from "./table.ts";

/** What the explorers said, a line each. */
export function renderVerifications(results: readonly Verification[]): string {
  return renderTable(
    results.map(({ name, explorer, status, detail }) => [
      name,
      explorer,
      status,
      detail.trim().replaceAll(/\s+/gu, " "),
    ]),
  );
}
