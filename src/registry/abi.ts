/** A contract's interface as the compiler writes it (Solidity ABI specification, "JSON"). */
export type Abi = readonly AbiItem[];

type AbiItem = {
  readonly type: string;
  readonly name?: string;
  readonly inputs?: readonly AbiParameter[];
  readonly [key: string]: unknown;
};

type AbiParameter = {
  readonly name?: string;
  readonly type: string;
  readonly components?: readonly AbiParameter[];
};
