import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc") as { compile: (input: string) => string; version: () => string };

type Output = {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<
    string,
    Record<string, { evm: { bytecode: { object: string }; deployedBytecode: { object: string } } }>
  >;
};

/** What a verifier is handed. */
export type Submission = {
  readonly input: { readonly sources: object; readonly settings: object };
  /** `contracts/A.sol:A`. */
  readonly contract: string;
  /** `v0.8.37+commit.…`. */
  readonly compiler: string;
};

export type Compiled = { readonly creation: string; readonly runtime: string };

/** Compiles a submission as a verifier does; undefined where the compiler or the contract is another one. */
export function compileSubmission({ input, contract, compiler }: Submission): Compiled | undefined {
  if (!solc.version().startsWith(compiler.replace(/^v/u, ""))) return undefined;
  const outputSelection = { "*": { "*": ["evm.bytecode.object", "evm.deployedBytecode.object"] } };
  const asked = { ...input, settings: { ...input.settings, outputSelection } };
  const { errors = [], contracts = {} } = compileOnce(JSON.stringify(asked));
  if (errors.some(({ severity }) => severity === "error")) return undefined;
  const [, source = "", name = ""] = /^(.*):([^:]+)$/u.exec(contract) ?? [];
  const evm = contracts[source]?.[name]?.evm;
  return evm === undefined
    ? undefined
    : { creation: `0x${evm.bytecode.object}`, runtime: `0x${evm.deployedBytecode.object}` };
}

const outputs = new Map<string, Output>();

/** Several explorers receive the same; compiling it takes a second. */
function compileOnce(input: string): Output {
  const output = outputs.get(input) ?? (JSON.parse(solc.compile(input)) as Output);
  outputs.set(input, output);
  return output;
}
