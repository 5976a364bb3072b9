import { mkdir, open } from "node:fs/promises";

import { UsageError } from "../../src/errors.ts";
import { openAuth } from "../../src/upload/auth.ts";
import { action } from "../action.ts";
import { readPassword } from "./secret.ts";

type Args = { readonly dir: string; readonly tokenFile: string | undefined };

export default action<Args, { store: string; tokenFile: string | null }>({
  async run({ dir, tokenFile }) {
    const password = await readPassword("New password");
    if ((await readPassword("The same once more")) !== password) throw new UsageError("The two passwords differ");
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const auth = openAuth({ dir });
    try {
      await auth.setPassword(password);
      if (tokenFile !== undefined) await writeSecret(tokenFile, auth.issueToken());
    } finally {
      auth.close();
    }
    return { store: dir, tokenFile: tokenFile ?? null };
  },
  render: ({ store, tokenFile }) =>
    [
      `The password of ${store} is set; sessions and tokens of the former one have ended.`,
      ...(tokenFile === null ? [] : [`A token for programs is in ${tokenFile}: UPLOAD_TOKEN=$(cat ${tokenFile})`]),
    ].join("\n"),
});

/** Never into a file that exists: it might be readable by others. */
async function writeSecret(path: string, secret: string): Promise<void> {
  await using file = await open(path, "wx", 0o600).catch((cause: unknown) => {
    throw new UsageError(`${path} cannot be made; it must not exist yet`, { cause });
  });
  await file.writeFile(`${secret}\n`);
  await file.sync();
}
