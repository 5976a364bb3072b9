import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { deploy } from "../src/deploy/deploy.ts";
import type { DeployResult } from "../src/deploy/result.ts";
import type { Speed } from "../src/gas/market.ts";
import { systemClock } from "../src/rpc/backoff.ts";
import { build } from "./builds.ts";
import { chargesOf, type Connection, readProject } from "./pipeline.ts";

/**
 * What `deploy` would send to a network now, with its quote: compiled and rehearsed, nothing signed.
 * The status is `planned`, or `unchanged` with no quote where nothing is left to do.
 */
export async function planDeployment(
  hre: HardhatRuntimeEnvironment,
  connection: Connection,
  { speed = "standard" }: { readonly speed?: Speed } = {},
): Promise<DeployResult> {
  await build(hre);
  return deploy({
    ...(await readProject(hre, connection, { tags: [], signer: "" })),
    ...chargesOf(hre, connection),
    registry: connection.registry,
    speed,
    confirmations: 1,
    dryRun: true,
    approve: () => Promise.resolve(),
    clock: systemClock,
  });
}
