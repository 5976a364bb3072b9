import { MetacoinError } from "../errors.ts";
import type { Abi } from "../registry/abi.ts";

/** What the compiler made of one contract. */
export type Artifact = {
  readonly contractName: string;
  readonly sourceName: string;
  readonly abi: Abi;
  /** Creation code, with placeholders where libraries go. */
  readonly bytecode: string;
  readonly deployedBytecode: string;
  readonly linkReferences: LinkReferences;
  readonly deployedLinkReferences: LinkReferences;
  readonly buildInfoId?: string | undefined;
  /** The name that the compiler knew the source by. */
  readonly inputSourceName?: string | undefined;
};

/** The compiler's word on a contract, for its record. */
export type BuildFacts = {
  readonly metadata: string;
  readonly solcLongVersion: string;
  readonly solcInputHash: string;
};

/** Source → library → the places in the code, in bytes, that take its address. */
export type LinkReferences = Readonly<
  Record<string, Readonly<Record<string, readonly { readonly start: number; readonly length: number }[]>>>
>;

/** EIP-170: the longest code that a contract may have, in bytes. */
const maxCodeSize = 24_576;
/** EIP-3860: the longest creation code, in bytes. */
const maxInitCodeSize = 49_152;
/** EIP-7825: the most gas that one transaction may ask for. */
export const maxTransactionGas = 16_777_216n;

/** The names of the libraries that a contract needs. */
export function librariesOf({ linkReferences }: Artifact): readonly string[] {
  return Object.values(linkReferences).flatMap((libraries) => Object.keys(libraries));
}

/**
 * Puts the addresses of libraries into code.
 *
 * @param libraries library name → address.
 * @throws {MissingLibraryError} where one is not given.
 */
export function link(
  contract: string,
  bytecode: string,
  references: LinkReferences,
  libraries: Readonly<Record<string, string>>,
): string {
  let code = bytecode;
  for (const [source, names] of Object.entries(references)) {
    for (const [name, places] of Object.entries(names)) {
      const address = libraries[name] ?? libraries[`${source}:${name}`];
      if (address === undefined) throw new MissingLibraryError(contract, name);
      for (const { start, length } of places) {
        const from = 2 + start * 2;
        code = `${code.slice(0, from)}${address.slice(2).toLowerCase()}${code.slice(from + length * 2)}`;
      }
    }
  }
  return code;
}

/** Refuses code that no chain of Ethereum would take (EIP-170, EIP-3860). */
export function checkCodeSize({ contractName, bytecode, deployedBytecode }: Artifact): void {
  const size = (deployedBytecode.length - 2) / 2;
  if (size > maxCodeSize) throw new CodeTooLargeError(contractName, "code", size, maxCodeSize, "EIP-170");
  const initSize = (bytecode.length - 2) / 2;
  if (initSize > maxInitCodeSize)
    throw new CodeTooLargeError(contractName, "creation code", initSize, maxInitCodeSize, "EIP-3860");
}

class MissingLibraryError extends MetacoinError {
  override readonly code = "MISSING_LIBRARY";

  constructor(contract: string, library: string) {
    super(`${contract} needs the library ${library}, and no address is given for it`, {
      hint: `Deploy it first in the script: await deploy("${library}")`,
    });
  }
}

class CodeTooLargeError extends MetacoinError {
  override readonly code = "CODE_TOO_LARGE";

  constructor(contract: string, what: string, size: number, limit: number, source: string) {
    super(`The ${what} of ${contract} has ${String(size)} bytes; ${source} allows ${String(limit)}`, {
      hint: "Move code into a library, or lower the optimizer's runs in hardhat.config.ts.",
    });
  }
}
