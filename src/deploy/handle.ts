import type { Artifact } from "./artifact.ts";
import type { Handle } from "./script.ts";

/** How a handle reads: a chain, and a word before each read. */
export type Reader = {
  readonly request: (method: string, params: readonly unknown[]) => Promise<unknown>;
  readonly beforeRead: (name: string) => void;
};

/**
 * A deployed contract as scripts see it. Each function of the ABI is an async function that reads;
 * ethers is loaded by the first read, so a script that only deploys does not pay for it.
 */
export function makeHandle<Contract>(
  name: string,
  address: string,
  artifact: Artifact,
  reader: Reader,
): Handle<Contract> {
  const readers = artifact.abi
    .filter(({ type }) => type === "function")
    .map(({ name: functionName = "" }) => [
      functionName,
      async (...args: unknown[]) => {
        reader.beforeRead(name);
        const { Interface } = await import("ethers");
        const abi = new Interface(JSON.stringify(artifact.abi));
        const data = abi.encodeFunctionData(functionName, args);
        const output = await reader.request("eth_call", [{ to: address, data }, "latest"]);
        const results = abi.decodeFunctionResult(functionName, String(output));
        return results.length === 1 ? results[0] : results;
      },
    ]);
  const handle: Record<string, unknown> = { ...Object.fromEntries(readers), name, address };
  // The ABI is what the type was generated from, which the compiler cannot know.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return handle as Handle<Contract>;
}
