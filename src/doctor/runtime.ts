import type { Check } from "./check.ts";
import { isFor, type LockedPackage, packageName, type Platform } from "./lock.ts";

/** @param facts versions without a "v": what runs, what the lock file pins, the lowest that package.json allows. */
export function checkNode({ running, pinned, lowest }: { running: string; pinned: string; lowest: string }): Check {
  const subject = "Node";
  const hint = "npm run setup    then call commands by `npx hardhat`, which takes the runtime of the lock file";
  if (isOlder(running, lowest))
    return { subject, status: "broken", finding: `${running} is older than ${lowest}`, hint };
  if (running !== pinned)
    return { subject, status: "warning", finding: `${running} runs, the lock file pins ${pinned}`, hint };
  return { subject, status: "ok", finding: `${running}, as the lock file pins` };
}

function isOlder(version: string, than: string): boolean {
  const numbers = (text: string) => text.split(".").map(Number);
  const limits = numbers(than);
  const differing = numbers(version)
    .map((number, index) => number - (limits[index] ?? 0))
    .find((difference) => difference !== 0);
  return differing !== undefined && differing < 0;
}

type Packages = ReadonlyMap<string, LockedPackage>;

/**
 * Compares what is installed with what the lock file says, for this platform.
 *
 * @param installed what npm wrote to node_modules/.package-lock.json; undefined where there is no such file.
 */
export function checkPackages(locked: Packages, installed: Packages | undefined, platform: Platform): Check {
  const subject = "Packages";
  const hint = "npm run setup";
  if (installed === undefined) return { subject, status: "broken", finding: "node_modules is not there", hint };
  const wanted = [...locked].filter(([, entry]) => isWanted(entry, platform));
  const wrong = wanted.flatMap(([path, { version }]) => {
    const found = installed.get(path)?.version;
    if (found === version) return [];
    const name = packageName(path);
    return [found === undefined ? `${name} is missing` : `${name} is ${found}, not ${String(version)}`];
  });
  if (wrong.length === 0) return { subject, status: "ok", finding: `${String(wanted.length)} as in package-lock.json` };
  const more = wrong.length > 3 ? [`and ${String(wrong.length - 3)} more`] : [];
  return { subject, status: "broken", finding: [...wrong.slice(0, 3), ...more].join(", "), hint };
}

/** An optional package without a platform belongs to one that was skipped, or was not: npm alone knows. */
function isWanted(entry: LockedPackage, platform: Platform): boolean {
  if (entry.optional === true && entry.os === undefined && entry.cpu === undefined) return false;
  return isFor(entry, platform);
}

/** @param facts the compiler of the configuration, and the version of the package that brings it, if any. */
export function checkCompiler({
  wanted,
  found,
  path,
}: {
  wanted: string;
  found: string | undefined;
  path: string;
}): Check {
  const subject = "Compiler";
  const hint = "npm run setup    installs the solc of the lock file; its version stands in hardhat.config.ts too";
  if (found === undefined) return { subject, status: "broken", finding: `there is no compiler at ${path}`, hint };
  if (found !== wanted)
    return { subject, status: "broken", finding: `solc ${found} is installed, ${wanted} is configured`, hint };
  return { subject, status: "ok", finding: `solc ${found}, from the lock file` };
}
