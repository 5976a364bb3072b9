import { type FileHandle, mkdir, open, rm } from "node:fs/promises";

import { UsageError } from "../../src/errors.ts";
import { openAuth } from "../../src/upload/auth.ts";
import { action } from "../action.ts";
import { readPassword } from "./secret.ts";

type Args = { readonly dir: string; readonly tokenFile: string | undefined };

export default action<Args, { store: string; tokenFile: string | null }>({
  async run({ dir, tokenFile }) {
    const password = await readPassword("New password");
    if ((await readPassword("The same once more")) !== password) throw new UsageError("The two passwords differ");
    if (tokenFile === undefined) await setPassword(dir, password);
    else await withNewFile(tokenFile, (file) => setPassword(dir, password, file));
    return { store: dir, tokenFile: tokenFile ?? null };
  },
  render: ({ store, tokenFile }) =>
    [
      `The password of ${store} is set; sessions and tokens of the former one have ended.`,
      ...(tokenFile === null ? [] : [`A token for programs is in ${tokenFile}: UPLOAD_TOKEN=$(cat ${tokenFile})`]),
    ].join("\n"),
});

async function setPassword(dir: string, password: string, tokenFile?: FileHandle): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new UsageError(`${dir} cannot be made`, { cause });
  });
  const auth = openAuth({ dir });
  try {
    await auth.setPassword(password);
    if (tokenFile === undefined) return;
    await tokenFile.writeFile(`${auth.issueToken()}\n`);
    await tokenFile.sync();
  } finally {
    auth.close();
  }
}

/**
 * Never a file that exists: it might be readable by others. It is made before the work, so that no password is changed
 * where its token has no place, and removed where the work fails.
 */
async function withNewFile(path: string, work: (file: FileHandle) => Promise<void>): Promise<void> {
  await using file = await open(path, "wx", 0o600).catch((cause: unknown) => {
    throw new UsageError(`${path} cannot be made; it must not exist yet`, {
      hint: "--token-file FILE    a new name, in a folder that is there",
      cause,
    });
  });
  try {
    await work(file);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
