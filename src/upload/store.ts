import type { Store } from "./core.ts";
import { StoreError } from "./failures.ts";

export type StoreOptions = {
  readonly dir: string;
  /** Bytes: the largest file, the sum of all contents, what must stay free on the disk. */
  readonly maxSize?: number;
  readonly quota?: number;
  readonly reserve?: number;
  /** How long an upload may idle; milliseconds. */
  readonly ttlMs?: number;
  readonly now?: () => number;
};

/** Opens (or makes) a store for the one process that serves it, and mends what a crash left. */
export async function openStore(options: StoreOptions): Promise<Store> {
  throw new StoreError(`${options.dir} cannot be opened yet`);
}
