import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { createSecureContext } from "node:tls";

import { messageOf, UsageError } from "../../src/errors.ts";
import { openAuth } from "../../src/upload/auth.ts";
import { suitCollectorToBodies } from "../../src/upload/collector.ts";
import { parseDuration } from "../../src/upload/duration.ts";
import { checkExposure } from "../../src/upload/exposure.ts";
import { createFront } from "../../src/upload/front.ts";
import { formatLog } from "../../src/upload/log.ts";
import { startServing } from "../../src/upload/serve.ts";
import { parseSize } from "../../src/upload/size.ts";
import { openStore } from "../../src/upload/store.ts";
import { action } from "../action.ts";

type Args = {
  readonly dir: string;
  readonly host: string;
  readonly port: number;
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  readonly maxSize: string;
  readonly quota: string;
  readonly reserve: string;
  readonly ttl: string;
  readonly insecureHost: boolean;
};

export default action<Args, undefined>({
  run: async (args, { progress, signal }) => {
    const { dir, host, port } = args;
    if (port < 0 || port > 65_535)
      throw new UsageError(`--port is between 0 and 65535, not ${String(port)}`, {
        hint: "--port 0 takes any that is free",
      });
    suitCollectorToBodies();
    const limits = {
      ...bytesOf("maxSize", "--max-size", args.maxSize),
      ...bytesOf("quota", "--quota", args.quota),
      reserve: parseSize(args.reserve, "--reserve"),
      ttlMs: parseDuration(args.ttl, "--ttl"),
    };
    const tls = await readTls(args);
    const log = (level: string, message: string) => progress.line(formatLog(level, message, Date.now()));
    const store = await openStore({ dir, ...limits });
    const auth = openAuth({ dir });
    try {
      checkExposure({ host, hasPassword: auth.hasPassword(), hasTls: tls !== undefined, insecure: args.insecureHost });
      if (store.repair !== undefined)
        log("warn", `the last server did not end well; mended: ${JSON.stringify(store.repair)}`);
      const names = [hostname().toLowerCase(), host.toLowerCase(), ...(tls?.names ?? [])];
      const guard = createFront({ ...store, auth, names, log });
      const serving = await startServing({ store, guard, host, port, log, ...(tls === undefined ? {} : { tls }) });
      process.stdout.write(`Serving ${store.dir} at ${serving.url}\n`);
      if (!signal.aborted) await once(signal, "abort");
      await serving.close();
    } finally {
      auth.close();
      await store.close();
    }
    return undefined;
  },
  render: () => "",
});

/** An option that may be left empty, for no limit. */
function bytesOf<Name extends string>(name: Name, option: string, text: string): Partial<Record<Name, number>>;
function bytesOf(name: string, option: string, text: string): Record<string, number> {
  return text === "" ? {} : { [name]: parseSize(text, option) };
}

type Tls = { readonly cert: Buffer; readonly key: Buffer; readonly names: readonly string[] };

async function readTls({ tlsCert, tlsKey }: Args): Promise<Tls | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) throw new UsageError("--tls-cert and --tls-key belong together");
  const read = (option: string, path: string) =>
    readFile(path).catch((cause: unknown) => {
      throw new UsageError(`${option} ${path} cannot be read`, { cause });
    });
  const pair = { cert: await read("--tls-cert", tlsCert), key: await read("--tls-key", tlsKey) };
  try {
    createSecureContext(pair);
    return { ...pair, names: namesOf(pair.cert) };
  } catch (cause) {
    throw new UsageError(`--tls-cert and --tls-key are no certificate with its key: ${messageOf(cause)}`, { cause });
  }
}

/** The host names a certificate is for. */
function namesOf(cert: Buffer): string[] {
  const names = new X509Certificate(cert).subjectAltName ?? "";
  return [...names.matchAll(/DNS:([^,\s]+)/gu)].map(([, name = ""]) => name.toLowerCase());
}
