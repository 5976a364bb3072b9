import { z } from "zod";

/** npm writes one name or a list. */
const names = z.union([z.string().transform((name) => [name]), z.array(z.string())]).optional();

const entry = z.object({
  version: z.string().optional(),
  license: z.string().optional(),
  optional: z.boolean().optional(),
  os: names,
  cpu: names,
  libc: names,
});

const lockFile = z.object({ packages: z.record(z.string(), entry) });

/** An entry of package-lock.json, as far as it matters here. */
export type LockedPackage = z.infer<typeof entry>;

/** The entries of a lock file by their path, such as `node_modules/ethers`; the project itself is left out. */
export function readLock(text: string): ReadonlyMap<string, LockedPackage> {
  const { packages } = lockFile.parse(JSON.parse(text));
  return new Map(Object.entries(packages).filter(([path]) => path !== ""));
}

/** The package of a path in the lock file: `node_modules/a/node_modules/@b/c` is `@b/c`. */
export function packageName(path: string): string {
  return path.split("node_modules/").at(-1) ?? path;
}

/** In npm's words: `linux`, `x64`, and `glibc` or `musl` on Linux. */
export type Platform = { readonly os: string; readonly cpu: string; readonly libc: string | undefined };

/** Whether a package is for a platform; most are for all. */
export function isFor({ os, cpu, libc }: LockedPackage, platform: Platform): boolean {
  const fits = (list: readonly string[] | undefined, value: string | undefined) =>
    list === undefined || (value !== undefined && list.includes(value));
  return fits(os, platform.os) && fits(cpu, platform.cpu) && fits(libc, platform.libc);
}
