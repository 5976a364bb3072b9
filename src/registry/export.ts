import type { Abi } from "./abi.ts";

/** What a front end needs to know of one network. */
export type ExportedNetwork = {
  readonly name: string;
  readonly chainId: number;
  readonly contracts: readonly { readonly name: string; readonly address: string; readonly abi: Abi }[];
};

export const exportFormats = ["ts", "json", "wagmi", "env"] as const;
export type ExportFormat = (typeof exportFormats)[number];

/**
 * Addresses and ABIs for a front end. The same records give the same text: sorted by name, no timestamps.
 */
export function exportNetworks(networks: readonly ExportedNetwork[], format: ExportFormat): string {
  const sorted = networks
    .toSorted(byName)
    .map((network) => ({ ...network, contracts: network.contracts.toSorted(byName) }));
  switch (format) {
    case "ts":
      return toTypeScript(sorted);
    case "json":
      return `${toJson(toTree(sorted))}\n`;
    case "wagmi":
      return toWagmi(sorted);
    case "env":
      return toEnv(sorted);
  }
}

const origin = "// Made by `npx hardhat deployments export`. Do not edit: deploy, and export again.";

function toTree(networks: readonly ExportedNetwork[]) {
  return Object.fromEntries(
    networks.map(({ name, chainId, contracts }) => [
      name,
      { chainId, contracts: Object.fromEntries(contracts.map(({ name, address, abi }) => [name, { address, abi }])) },
    ]),
  );
}

function toTypeScript(networks: readonly ExportedNetwork[]): string {
  return [origin, "", `export const deployments = ${toJson(toTree(networks))} as const;`, ""].join("\n");
}

/** The shape of @wagmi/cli: an ABI, the addresses by chain id, and both together, a contract. */
function toWagmi(networks: readonly ExportedNetwork[]): string {
  const names = [...new Set(networks.flatMap(({ contracts }) => contracts.map(({ name }) => name)))].sort();
  const blocks = names.flatMap((name) => {
    const found = networks.flatMap(({ name: network, chainId, contracts }) =>
      contracts
        .filter((contract) => contract.name === name)
        .map(({ address, abi }) => ({ network, chainId, address, abi })),
    );
    // Networks that run different versions of a contract do not share an ABI.
    const shared = new Set(found.map(({ abi }) => JSON.stringify(abi))).size === 1;
    const groups = shared ? [found] : found.map((one) => [one]);
    return groups.map((group) =>
      toWagmiContract(shared ? toCamel(name) : `${toCamel(name)}${toPascal(group[0]?.network ?? "")}`, group),
    );
  });
  return [origin, "", ...blocks].join("\n");
}

function toWagmiContract(
  name: string,
  group: readonly { readonly chainId: number; readonly address: string; readonly abi: Abi }[],
): string {
  const addresses = Object.fromEntries(group.map(({ chainId, address }) => [chainId, address]));
  return [
    `export const ${name}Abi = ${toJson(group[0]?.abi)} as const;`,
    "",
    `export const ${name}Address = ${toJson(addresses)} as const;`,
    "",
    `export const ${name}Config = { address: ${name}Address, abi: ${name}Abi } as const;`,
    "",
  ].join("\n");
}

function toEnv(networks: readonly ExportedNetwork[]): string {
  const lines = networks.flatMap(({ name, chainId, contracts }) => [
    `${toConstant(name)}_CHAIN_ID=${String(chainId)}`,
    ...contracts.map((contract) => `${toConstant(name)}_${toConstant(contract.name)}_ADDRESS=${contract.address}`),
  ]);
  return [...lines, ""].join("\n");
}

function toJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

/** `MetaCoin` → `metaCoin`; what cannot stand in an identifier goes. */
function toCamel(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9_$]/gu, "_").replace(/^(\d)/u, "_$1");
  return `${safe.slice(0, 1).toLowerCase()}${safe.slice(1)}`;
}

function toPascal(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

/** `MetaCoin` → `META_COIN`. */
function toConstant(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/gu, "$1_$2")
    .replaceAll(/[^A-Za-z0-9]/gu, "_")
    .toUpperCase();
}
