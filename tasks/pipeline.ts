import { globSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import type { DeployOptions } from "../src/deploy/deploy.ts";
import type { Deployment, LoadedScript } from "../src/deploy/script.ts";
import type { TransactionSigner } from "../src/deploy/sign.ts";
import { MetacoinError, UsageError } from "../src/errors.ts";
import type { Registry } from "../src/registry/store.ts";
import type { Rpc } from "../src/rpc/rpc.ts";
import { readBuilds } from "./builds.ts";
import { isLive, networkOf, readAccounts, readEndpoints } from "./secrets.ts";

/** A network with a client for it. */
export type Connection = {
  readonly network: { readonly name: string; readonly chainId: number };
  readonly live: boolean;
  readonly rpc: Rpc;
  /** Undefined for the chain in this process: it ends with it. */
  readonly registry: Registry | undefined;
  readonly close: () => Promise<void>;
};

/** Connects to the network that the command was typed for. */
export async function connect(
  hre: HardhatRuntimeEnvironment,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Connection> {
  const name = networkOf(hre);
  const urls = await readEndpoints(hre, name);
  if (urls.length === 0) return connectInProcess(hre, name);
  const [{ createRpc }, { openRegistry }] = await Promise.all([
    import("../src/rpc/rpc.ts"),
    import("../src/registry/store.ts"),
  ]);
  const chainId = hre.config.networks[name]?.chainId;
  if (chainId === undefined) {
    throw new UsageError(`The network "${name}" states no chain id`, {
      hint: "Add chainId to it in hardhat.config.ts",
    });
  }
  return {
    network: { name, chainId },
    live: isLive(hre, name),
    rpc: createRpc({ urls, ...(signal === undefined ? {} : { signal }) }),
    registry: openRegistry(join(hre.config.paths.root, "deployments", name)),
    close: async () => undefined,
  };
}

async function connectInProcess(hre: HardhatRuntimeEnvironment, name: string): Promise<Connection> {
  const [{ createLocalRpc }, connection] = await Promise.all([import("../src/rpc/local.ts"), hre.network.create(name)]);
  const { provider } = connection;
  const rpc = createLocalRpc((method, params) => provider.request({ method, params: [...params] }));
  const chainId = Number(await rpc.request("eth_chainId"));
  return { network: { name, chainId }, live: false, rpc, registry: undefined, close: () => connection.close() };
}

/** How a network charges for gas, beside Ethereum's own way. */
export function chargesOf(
  hre: HardhatRuntimeEnvironment,
  { network, live, rpc }: Connection,
): Pick<DeployOptions, "estimateThere" | "l1FeeOf"> {
  const chainType = hre.config.networks[network.name]?.chainType;
  const hasL1Fee = live && chainType === "op";
  return {
    estimateThere: live && chainType !== "l1",
    l1FeeOf: hasL1Fee
      ? async (serialized) => (await import("../src/gas/l1Fee.ts")).readL1Fee(rpc.request, serialized)
      : undefined,
  };
}

/**
 * The accounts that sign, and how: with the keys of the wallet, or by asking the process behind `signer`.
 *
 * @param signer the socket of `ipc signer`; empty for the wallet of this process.
 */
export async function readSigning(
  hre: HardhatRuntimeEnvironment,
  { network }: Connection,
  signer: string,
): Promise<Pick<DeployOptions, "accounts" | "signerOf">> {
  const signers = signer === "" ? await readSigners(hre, network.name) : [await connectTo(signer)];
  return {
    accounts: signers.map(({ address }) => address),
    signerOf(address) {
      const found = signers.find((candidate) => candidate.address.toLowerCase() === address.toLowerCase());
      if (found === undefined)
        throw new NoSignerError(`No key is configured for ${address}`, { hint: "npx hardhat accounts" });
      return found;
    },
  };
}

async function connectTo(signer: string): Promise<TransactionSigner> {
  const { connectSigner } = await import("../src/signer/client.ts");
  return connectSigner(signer);
}

/** How many accounts of a mnemonic a deployment script can use. */
const accountCount = 10;

async function readSigners(hre: HardhatRuntimeEnvironment, network: string): Promise<readonly TransactionSigner[]> {
  const accounts = await readAccounts(hre, network, { count: accountCount });
  return accounts.map(({ address, privateKey }) => ({
    address,
    async signTransaction(transaction) {
      const { Wallet } = await import("ethers/wallet");
      return new Wallet(privateKey).signTransaction(transaction);
    },
  }));
}

/** What the deployment pipeline needs of Hardhat: artifacts, scripts, accounts, a chain to rehearse on. */
export async function readProject(
  hre: HardhatRuntimeEnvironment,
  connection: Connection,
  { tags, signer }: { readonly tags: readonly string[]; readonly signer: string },
): Promise<
  Pick<
    DeployOptions,
    | "scripts"
    | "accounts"
    | "signerOf"
    | "artifactOf"
    | "buildFactsOf"
    | "solcInputOf"
    | "openChain"
    | "network"
    | "rpc"
  >
> {
  const { network, rpc } = connection;
  const [scripts, signing] = await Promise.all([loadScripts(hre, tags), readSigning(hre, connection, signer)]);
  return {
    network,
    rpc,
    scripts,
    ...signing,
    ...readBuilds(hre),
    openChain: async ({ fork }) => openChain(hre, network.chainId, fork ? rpc : undefined),
  };
}

async function loadScripts(hre: HardhatRuntimeEnvironment, tags: readonly string[]): Promise<readonly LoadedScript[]> {
  const { root } = hre.config.paths;
  const folder = join(root, "scripts", "deploy");
  const files = globSync("[0-9]*_*.{ts,js,mjs}", { cwd: folder }).sort(
    (a, b) => Number.parseInt(a) - Number.parseInt(b),
  );
  const { selectScripts } = await import("../src/deploy/script.ts");
  const scripts = await Promise.all(
    files.map(async (file) => {
      const path = join(folder, file);
      const module: unknown = await import(pathToFileURL(path).href);
      return { ...readDeployment(module, relative(root, path)), file: relative(root, path) };
    }),
  );
  const selected = selectScripts(scripts, tags);
  if (selected.length === 0) {
    const what =
      tags.length === 0
        ? `There is no deployment script in ${relative(root, folder)}`
        : `No deployment script has the tag ${tags.join(" or ")}`;
    throw new UsageError(what, {
      hint: "A script is scripts/deploy/NNN_name.ts with: export default deployment(async ({ deploy }) => { … })",
    });
  }
  return selected;
}

function readDeployment(module: unknown, file: string): Deployment {
  if (typeof module === "object" && module !== null && "default" in module && isDeployment(module.default))
    return module.default;
  throw new UsageError(`${file} has no deployment as its default export`, {
    hint: "export default deployment(async ({ deploy }) => { … });",
  });
}

function isDeployment(value: unknown): value is Deployment {
  return (
    typeof value === "object" && value !== null && "run" in value && typeof value.run === "function" && "tags" in value
  );
}

/** A chain in this process with the target's chain id: empty, or a fork of it through our own client. */
async function openChain(hre: HardhatRuntimeEnvironment, chainId: number, forkOf: Rpc | undefined) {
  const relay = forkOf === undefined ? undefined : await (await import("../src/rpc/relay.ts")).startRelay(forkOf);
  const connection = await hre.network.create({
    network: "default",
    override: {
      chainId,
      initialBaseFeePerGas: 0,
      ...(relay === undefined ? {} : { forking: { enabled: true, url: relay.url } }),
    },
  });
  return {
    request: (method: string, params: readonly unknown[]) =>
      connection.provider.request({ method, params: [...params] }),
    async close() {
      await connection.close();
      await relay?.close();
    },
  };
}

/** A script sends from an account that nobody here can sign for. */
class NoSignerError extends MetacoinError {
  override readonly code = "NO_SIGNER";
}
