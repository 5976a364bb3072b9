import { BlockList, isIP } from "node:net";

import { MetacoinError } from "../errors.ts";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

export type Exposure = {
  /** What the server is to listen on. */
  readonly host: string;
  readonly hasPassword: boolean;
  readonly hasTls: boolean;
  /** The user said that something in front (a proxy, a private network) takes care of it. */
  readonly insecure?: boolean;
};

/**
 * Refuses to listen beyond this machine without a password and TLS.
 *
 * @throws {ExposedError}
 */
export function checkExposure({ host, hasPassword, hasTls, insecure = false }: Exposure): void {
  if (isLoopback(host) || insecure || (hasPassword && hasTls)) return;
  const missing = [...(hasPassword ? [] : ["a password"]), ...(hasTls ? [] : ["TLS"])].join(" and ");
  throw new ExposedError(`Others can reach ${host}: that needs ${missing}.`, {
    hint: [
      ...(hasPassword ? [] : ["Set a password: npx hardhat upload passwd"]),
      ...(hasTls ? [] : ["Bring a certificate: --tls-cert FILE --tls-key FILE"]),
      "Behind a proxy that does both: --insecure-host",
    ].join("\n"),
  });
}

/** @param hostname an IPv6 address in brackets or not. */
export function isLoopback(hostname: string): boolean {
  if (hostname === "localhost") return true;
  const host = hostname.replace(/^\[(.*)\]$/u, "$1");
  const family = isIP(host);
  return family !== 0 && loopback.check(host, family === 4 ? "ipv4" : "ipv6");
}

export class ExposedError extends MetacoinError {
  override readonly code = "EXPOSED";
}
