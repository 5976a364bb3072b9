import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { openRegistry, type Registry } from "./store.ts";

/** The registries of all networks that something was deployed to, by name. */
export async function listRegistries(folder: string): Promise<ReadonlyMap<string, Registry>> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return new Map(names.sort().map((name) => [name, openRegistry(join(folder, name))]));
}
