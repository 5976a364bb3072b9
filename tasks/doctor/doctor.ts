import { type Check, isBroken } from "../../src/doctor/check.ts";
import { checkService, services } from "../../src/doctor/services.ts";
import { action } from "../action.ts";
import { networkOf } from "../secrets.ts";
import { checkInstallation, versionOf } from "./installation.ts";
import { checkNetwork } from "./network.ts";

/** What `npx hardhat doctor --json` prints. */
export type Diagnosis = { readonly network: string; readonly healthy: boolean; readonly checks: readonly Check[] };

export default action<{ readonly json: boolean }, Diagnosis>({
  run: async (_, { hre, progress, signal }) => {
    const network = networkOf(hre);
    progress.live("Looking at the installation, the secrets and the endpoints of this network…");
    const groups = await Promise.all([
      checkInstallation(hre),
      checkNetwork(hre, network, signal),
      Promise.all(services.map((service) => checkService(service, versionOf))),
    ]);
    const checks = groups.flat();
    return { network, healthy: !isBroken(checks), checks };
  },
  render,
  exitCode: ({ healthy }) => (healthy ? 0 : 1),
});

export function render({ network, checks }: Diagnosis): string {
  const width = Math.max(...checks.map(({ subject }) => subject.length));
  const lines = checks.flatMap(({ subject, status, finding, hint }) => [
    `${status.padEnd(7)}  ${subject.padEnd(width)}  ${finding}`,
    ...(hint === undefined ? [] : hint.split("\n").map((line) => `${" ".repeat(width + 11)}→ ${line}`)),
  ]);
  const count = (status: Check["status"]) => checks.filter((check) => check.status === status).length;
  const verdict =
    count("broken") === 0 ? `Nothing is broken on ${network}` : `${String(count("broken"))} broken on ${network}`;
  return [...lines, "", `${verdict}; warnings: ${String(count("warning"))}`].join("\n");
}
