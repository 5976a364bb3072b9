import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { MetacoinError, UsageError } from "../src/errors.ts";
import { accountsOf, type DerivedAccount } from "../src/wallet/accounts.ts";
import { HARDHAT_PHRASE, wellKnownAddress, wellKnownPhrase } from "../src/wallet/known.ts";
import { InvalidSecretError, parseMnemonic, parsePrivateKey, type AccountSecret } from "../src/wallet/secret.ts";

type NetworkConfig = HardhatRuntimeEnvironment["config"]["networks"][string];

/** The network a command was typed for, `default` where none was named. */
export function networkOf(hre: HardhatRuntimeEnvironment): string {
  return hre.globalOptions.network ?? "default";
}

/**
 * True for every network whose coins somebody may want: all but the in-process chain and a node with the development
 * chain id 31337. A node that stands in for Sepolia counts as Sepolia.
 */
export function isLive(hre: HardhatRuntimeEnvironment, network: string): boolean {
  const config = requireNetwork(hre, network);
  return config.type === "http" && config.chainId !== 31337;
}

/**
 * The endpoints of a network, in the order they are to be tried; none for the in-process chain.
 *
 * @throws {MissingVariableError} where its variable is not set.
 * @throws {InvalidVariableError} where it holds something else than http(s) URLs separated by commas.
 */
export async function readEndpoints(hre: HardhatRuntimeEnvironment, network: string): Promise<string[]> {
  const config = requireNetwork(hre, network);
  if (config.type !== "http") return [];
  const name = variableOf(config.url);
  if (name === undefined) return [await config.url.get()];
  const text = await fetchVariable(hre, name);
  if (text === "")
    throw new MissingVariableError(`The network "${network}" needs ${name}, the URL of an endpoint, in .env`, {
      hint: `${name}=https://…    in .env, or encrypted:\nnpx hardhat keystore set ${name}`,
    });
  return parseEndpoints(name, text);
}

/**
 * What the user signs with: PRIVATE_KEY or MNEMONIC, from the environment (.env) or the Hardhat keystore.
 * The environment wins over the keystore, and in each of them the private key over the mnemonic.
 *
 * @throws {MissingVariableError} where neither is set.
 * @throws {InvalidVariableError} where the value cannot be one; it is never shown.
 */
export async function readAccountSecret(hre: HardhatRuntimeEnvironment): Promise<AccountSecret> {
  for (const name of secretNames()) {
    const text = await fetchVariable(hre, name);
    if (text !== "") return parseSecret(name, text);
  }
  throw new MissingVariableError("Neither MNEMONIC nor PRIVATE_KEY is set in .env: there is no account to sign with", {
    hint: [
      "npx hardhat mnemonic --write            makes a new wallet and writes it to .env",
      "MNEMONIC=… or PRIVATE_KEY=… in .env     uses one you have",
      "npx hardhat keystore set MNEMONIC       keeps it encrypted instead",
    ].join("\n"),
  });
}

/**
 * The accounts that sign on a network: the user's own on a live one, elsewhere those every development node opens.
 *
 * @throws {WellKnownSecretError} where a live network would be given keys that anyone has.
 */
export async function readAccounts(
  hre: HardhatRuntimeEnvironment,
  network: string,
  { count = 1 }: { readonly count?: number } = {},
): Promise<DerivedAccount[]> {
  if (!isLive(hre, network)) return accountsOf({ kind: "mnemonic", phrase: HARDHAT_PHRASE }, { count });
  const secret = await readAccountSecret(hre);
  const accounts = await accountsOf(secret, { count });
  const [first] = accounts;
  const tool = secret.kind === "mnemonic" ? wellKnownPhrase(secret.phrase) : first && wellKnownAddress(first.address);
  if (tool === undefined) return accounts;
  const name = secret.kind === "mnemonic" ? "MNEMONIC" : "PRIVATE_KEY";
  throw new WellKnownSecretError(
    `${name} is the development wallet of ${tool}, known to everybody: whatever it holds on ${network} is taken at once`,
    { hint: "npx hardhat mnemonic --write --force    makes a wallet of your own" },
  );
}

/** The URLs of one variable, checked without repeating them: they may carry an API key. */
function parseEndpoints(name: string, text: string): string[] {
  const urls = text
    .split(",")
    .map((url) => url.trim())
    .filter((url) => url !== "");
  const wrong = urls.findIndex((url) => !/^https?:$/u.test(URL.parse(url)?.protocol ?? ""));
  if (wrong >= 0 || urls.length === 0) {
    const place = urls.length > 1 ? `number ${String(wrong + 1)} of the URLs in ${name}` : name;
    throw new InvalidVariableError(`${place} is no http:// or https:// URL`, {
      hint: `${name}=https://…    in .env; several URLs, separated by commas, are tried in turn`,
    });
  }
  return urls;
}

/** Where the environment has an account, the keystore is not asked: it may want a password. */
function secretNames(): ("PRIVATE_KEY" | "MNEMONIC")[] {
  const names = ["PRIVATE_KEY", "MNEMONIC"] as const;
  const here = names.filter((name) => process.env[name]);
  return here.length > 0 ? here : [...names];
}

async function parseSecret(name: "PRIVATE_KEY" | "MNEMONIC", text: string): Promise<AccountSecret> {
  try {
    return name === "MNEMONIC"
      ? { kind: "mnemonic", phrase: await parseMnemonic(text) }
      : { kind: "privateKey", key: parsePrivateKey(text) };
  } catch (error) {
    if (!(error instanceof InvalidSecretError)) throw error;
    throw new InvalidVariableError(`${name}: ${error.message}`, {
      hint: "Edit .env, or: npx hardhat mnemonic --write --force    makes a new wallet",
      cause: error,
    });
  }
}

/** The value, or "" where it is set nowhere. A default keeps the keystore from asking for a password in vain. */
async function fetchVariable(hre: HardhatRuntimeEnvironment, name: string): Promise<string> {
  const fromEnvironment = process.env[name];
  if (fromEnvironment !== undefined) return fromEnvironment.trim();
  const variable = { _type: "ConfigurationVariable", name, default: "" } as const;
  const value = await hre.hooks.runHandlerChain("configurationVariables", "fetchValue", [variable], async () => "");
  return value.trim();
}

/** The name behind `configVariable("…")`; a URL that stands in the configuration has none. */
function variableOf(value: object): string | undefined {
  return "name" in value && typeof value.name === "string" ? value.name : undefined;
}

/** @throws {UsageError} for a network that the configuration does not have. */
export function requireNetwork(hre: HardhatRuntimeEnvironment, network: string): NetworkConfig {
  const config = hre.config.networks[network];
  if (config !== undefined) return config;
  throw new UsageError(`There is no network "${network}"`, {
    hint: `The configured ones: ${Object.keys(hre.config.networks).join(", ")}`,
  });
}

/** A variable that the command needs is set neither in the environment nor in the keystore. */
class MissingVariableError extends MetacoinError {
  override readonly code = "MISSING_VARIABLE";
}

/** A variable holds something that cannot be meant. */
class InvalidVariableError extends MetacoinError {
  override readonly code = "INVALID_VARIABLE";
}

/** A key that anyone has, on a network where it would be emptied. */
class WellKnownSecretError extends MetacoinError {
  override readonly code = "WELL_KNOWN_SECRET";
}
