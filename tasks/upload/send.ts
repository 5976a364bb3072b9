import { relative } from "node:path";

import { UsageError } from "../../src/errors.ts";
import { listFiles } from "../../src/upload/client-files.ts";
import { connect } from "../../src/upload/client-session.ts";
import { sendFile, type SentFile } from "../../src/upload/client.ts";
import { formatSize, parseSize } from "../../src/upload/size.ts";
import { action } from "../action.ts";
import { createBar } from "./progress.ts";
import { readPassword, readToken } from "./secret.ts";
import { parseServer, patienceMs } from "./server-url.ts";

type Args = {
  readonly files: string[];
  readonly to: string;
  readonly dir: string;
  readonly parallel: number;
  readonly chunk: string;
};

/** More connections than this only wait for each other. */
const mostParallel = 32;
/** They are held in memory. */
const mostChunk = 1024 ** 3;

export default action<Args, { files: SentFile[] }>({
  async run({ files, to, dir, parallel, chunk }, { progress, signal }) {
    if (parallel < 1 || parallel > mostParallel)
      throw new UsageError(`--parallel is between 1 and ${String(mostParallel)}, not ${String(parallel)}`);
    const chunkBytes = parseSize(chunk, "--chunk");
    if (chunkBytes < 1 || chunkBytes > mostChunk)
      throw new UsageError(`--chunk is between 1 byte and ${formatSize(mostChunk)}, not ${chunk}`);
    const base = parseServer(to);
    const locals = await listFiles(files);
    const connection = await connect({
      base,
      parallel,
      token: readToken(),
      askPassword: () => readPassword(`Password of ${base.host}`),
      signal,
    });
    const bar = createBar({ now: () => performance.now(), show: (text) => progress.live(text) });
    const sent: SentFile[] = [];
    try {
      for (const local of locals) {
        const name = relative(process.cwd(), local.path);
        const file = await sendFile(local.path, {
          connection,
          dir: [dir, local.dir].filter((part) => part !== "").join("/"),
          chunk: chunkBytes,
          parallel,
          patienceMs,
          signal,
          onProgress: ({ step, done, size }) => bar(step === "hashing" ? `${name} (hashing)` : name, done, size),
          onWait: ({ message }, pauseMs) =>
            progress.line(`${message}; trying again in ${(pauseMs / 1000).toFixed(1)} s`),
        });
        if (file.resumedFrom > 0)
          progress.line(`${name}: ${formatSize(file.resumedFrom)} of ${formatSize(file.size)} were there already`);
        sent.push(file);
      }
    } finally {
      await connection.end();
    }
    return { files: sent };
  },
  render: ({ files }) => files.map(({ url, sha256 }) => `${sha256}  ${url}`).join("\n"),
});
