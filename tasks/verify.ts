import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { DefaultChainType } from "hardhat/types/network";

import { UsageError } from "../src/errors.ts";
import type { DeploymentRecord } from "../src/registry/record.ts";
import { type Explorer, explorers, type Verification, verifyUntilAnswered } from "../src/registry/verify.ts";
import { systemClock } from "../src/rpc/backoff.ts";
import type { ActionContext } from "./action.ts";
import type { Connection } from "./pipeline.ts";
import { captureStdout } from "./quiet.ts";

type Verifying = {
  readonly connection: Connection;
  readonly records: ReadonlyMap<string, DeploymentRecord>;
  /** As typed: names separated by commas; empty for all that can be used. */
  readonly explorers: string;
};

/** Publishes the sources of recorded contracts, and writes what the explorers said into the records. */
export async function verifyRecords(
  context: ActionContext,
  { connection, records, explorers: asked }: Verifying,
): Promise<readonly Verification[]> {
  const { hre, progress, signal } = context;
  const { network, registry, rpc } = connection;
  const { startRelay } = await import("../src/rpc/relay.ts");
  const relay = await startRelay(rpc);
  const key = await readApiKey(hre);
  const results: Verification[] = [];
  try {
    for (const explorer of chooseExplorers(asked, key)) {
      for (const [name, record] of records) {
        progress.live(`  ${name} on ${explorer} …`);
        const { status, reason } = await verifyUntilAnswered(
          () => ask(hre, network.name, relay.url, explorer, record),
          {
            clock: systemClock,
            random: Math.random,
            signal,
            onRetry: (why, waitMs) =>
              progress.line(
                `${name} on ${explorer}: ${mask(why.split("\n")[0] ?? why, key)} Again in ${(waitMs / 1_000).toFixed(0)} s`,
              ),
          },
        );
        const detail = status === "failed" ? mask(reason, key) : pageOf(hre, explorer, network.chainId, record.address);
        results.push({ name, explorer, status, detail });
        if (status !== "failed" && registry !== undefined) {
          const current = (await registry.readAll()).get(name);
          if (current !== undefined) await registry.write(name, withVerification(current, explorer, detail));
        }
      }
    }
  } finally {
    await relay.close();
  }
  return results;
}

async function ask(
  hre: HardhatRuntimeEnvironment,
  network: string,
  url: string,
  provider: Explorer,
  record: DeploymentRecord,
): Promise<"verified" | "already verified"> {
  const { verifyContract } = await import("@nomicfoundation/hardhat-verify/verify");
  const { contractName, sourceName } = record.metacoin;
  // The plugin reads the chain through our client: several URLs, retries, and no URL in its messages.
  const create = <Chain extends string = DefaultChainType>() =>
    hre.network.create<Chain>({ network, override: { url } });
  // What the plugin prints names flags that this command does not have; only one word in it is news.
  const printed = await captureStdout(() =>
    verifyContract(
      {
        address: record.address,
        constructorArgs: [...record.args],
        libraries: { ...record.libraries },
        contract: `${sourceName}:${contractName}`,
        provider,
        creationTxHash: record.transactionHash,
      },
      { ...hre, network: { ...hre.network, create } },
    ),
  );
  return printed.includes("already been verified") ? "already verified" : "verified";
}

/** Etherscan wants a key; without one it is left out, unless it was asked for. */
function chooseExplorers(asked: string, key: string): readonly Explorer[] {
  if (asked === "") return explorers.filter((explorer) => explorer !== "etherscan" || key !== "");
  return asked.split(",").map((text) => {
    const explorer = explorers.find((candidate) => candidate === text.trim());
    if (explorer === undefined) throw new UsageError(`"${text}" is not one of ${explorers.join(", ")}`);
    if (explorer === "etherscan" && key === "") {
      throw new UsageError("Etherscan needs ETHERSCAN_API_KEY in .env", {
        hint: "ETHERSCAN_API_KEY=…    in .env, or: npx hardhat keystore set ETHERSCAN_API_KEY",
      });
    }
    return explorer;
  });
}

async function readApiKey(hre: HardhatRuntimeEnvironment): Promise<string> {
  return hre.config.verify.etherscan.apiKey.get().catch(() => "");
}

function mask(text: string, key: string): string {
  return key === "" ? text : text.replaceAll(key, "…");
}

function pageOf(hre: HardhatRuntimeEnvironment, explorer: Explorer, chainId: number, address: string): string {
  if (explorer === "sourcify") {
    return `${hre.config.verify.sourcify.apiUrl ?? "https://sourcify.dev/server"}/repo-ui/${String(chainId)}/${address}`;
  }
  const url = hre.config.chainDescriptors.get(BigInt(chainId))?.blockExplorers[explorer]?.url ?? "";
  return `${url}/address/${address}#code`;
}

function withVerification(record: DeploymentRecord, explorer: Explorer, url: string): DeploymentRecord {
  const others = record.metacoin.verified.filter((verification) => verification.explorer !== explorer);
  const verified = [...others, { explorer, url, at: new Date().toISOString() }];
  return { ...record, metacoin: { ...record.metacoin, verified } };
}
