// Writes docs/licences.md: the licence of every package of package-lock.json.
//
//   node scripts/licences.ts
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { packageName, readLock } from "../src/doctor/lock.ts";
import { writeFileAtomically } from "../src/files.ts";

const lockPath = fileURLToPath(new URL("../package-lock.json", import.meta.url));
const pagePath = fileURLToPath(new URL("../docs/licences.md", import.meta.url));

/** Packages whose package.json names no licence, read by hand: what they say, and where. */
const statedElsewhere: ReadonlyMap<string, string> = new Map([
  ["@nomicfoundation/ignition-ui", "MIT (its LICENSE file)"],
  ["combine-errors", "MIT (its Readme.md)"],
  ["memorystream", "MIT (its LICENSE file)"],
]);

/** The page as it has to be for a lock file. */
export function renderLicences(lock: string): string {
  const packages = [...readLock(lock)].map(([path, { version, license }]) => {
    const name = packageName(path);
    return { name, version: version ?? "", licence: license ?? statedElsewhere.get(name) ?? "unknown" };
  });
  const licences = Map.groupBy(packages, ({ licence }) => licence);
  const ordered = [...licences].sort(
    ([a, some], [b, others]) => others.length - some.length || a.localeCompare(b, "en"),
  );
  return [
    "# Licences",
    "",
    "This project is under the [MIT licence](../LICENSE). It ships none of the packages below: `npm ci` installs them, for",
    "development and for its commands. The list is written by `node scripts/licences.ts` from package-lock.json, platform",
    "packages of other systems included, and a test holds it current.",
    "",
    ...ordered.flatMap(([licence, members]) => [`## ${licence}: ${String(members.length)}`, "", listOf(members), ""]),
  ].join("\n");
}

function listOf(packages: readonly { readonly name: string; readonly version: string }[]): string {
  const names = new Set(packages.map(({ name, version }) => `${name} ${version}`));
  return [...names].sort((a, b) => a.localeCompare(b, "en")).join(" · ");
}

if (import.meta.main) await writeFileAtomically(pagePath, renderLicences(readFileSync(lockPath, "utf8")));
