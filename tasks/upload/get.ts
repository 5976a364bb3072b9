import { getFile, type GotFile } from "../../src/upload/client-get.ts";
import { connect } from "../../src/upload/client-session.ts";
import { formatSize } from "../../src/upload/size.ts";
import { action } from "../action.ts";
import { createBar } from "./progress.ts";
import { readPassword, readToken } from "./secret.ts";
import { parseServer, patienceMs } from "./server-url.ts";

export default action<{ readonly url: string; readonly out: string }, GotFile>({
  async run({ url, out }, { progress, signal }) {
    const source = parseServer(url, "http://127.0.0.1:8080/f/backup.tar");
    const connection = await connect({
      base: source,
      token: readToken(),
      askPassword: () => readPassword(`Password of ${source.host}`),
      signal,
    });
    const bar = createBar({ now: () => performance.now(), show: (text) => progress.live(text) });
    const name = source.pathname.slice(source.pathname.lastIndexOf("/") + 1);
    try {
      const file = await getFile(source, {
        connection,
        out,
        patienceMs,
        signal,
        onProgress: ({ done, size }) => bar(name, done, size),
        onWait: ({ message }, pauseMs) => progress.line(`${message}; trying again in ${(pauseMs / 1000).toFixed(1)} s`),
      });
      if (file.resumedFrom > 0) progress.line(`${formatSize(file.resumedFrom)} were here already`);
      return file;
    } finally {
      await connection.end();
    }
  },
  render: ({ sha256, path }) => `${sha256}  ${path}`,
});
