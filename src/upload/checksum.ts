import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { crc32 } from "node:zlib";

import { BadRequestError, DigestMismatchError } from "./failures.ts";
import { tus } from "./protocol.ts";
import type { Verifier } from "./transfer.ts";

export type Checksum = { readonly algorithm: (typeof tus.checksums)[number]; readonly digest: Buffer };

/** `Upload-Checksum: sha1 BASE64`. @throws {BadRequestError} for an algorithm we do not have, or no base64. */
export function parseChecksum(text: string): Checksum {
  const [name = "", base64 = "", ...more] = text.trim().split(" ");
  const algorithm = tus.checksums.find((one) => one === name);
  if (algorithm === undefined) throw new BadRequestError(`Upload-Checksum takes ${tus.checksums.join(", ")}`);
  if (more.length > 0 || !/^[A-Za-z0-9+/]+={0,2}$/u.test(base64))
    throw new BadRequestError("The digest in Upload-Checksum is no base64");
  return { algorithm, digest: Buffer.from(base64, "base64") };
}

/** The checksum a request declares, in its head or as a trailer, where the algorithm is known only at the end. */
export function checksumOf(request: IncomingMessage): Verifier | undefined {
  const head = request.headers["upload-checksum"];
  if (head !== undefined) {
    const { algorithm, digest } = parseChecksum(String(head));
    const summer = createSummer(algorithm);
    return { update: summer.update, verify: () => compare(summer.digest(), digest) };
  }
  const announced = (request.headers["trailer"] ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  if (!announced.includes("upload-checksum")) return undefined;
  const summers = new Map(tus.checksums.map((algorithm) => [algorithm, createSummer(algorithm)]));
  return {
    update: (bytes) => {
      for (const { update } of summers.values()) update(bytes);
    },
    verify: () => {
      const { algorithm, digest } = parseChecksum(request.trailers["upload-checksum"] ?? "");
      compare(summers.get(algorithm)?.digest() ?? Buffer.alloc(0), digest);
    },
  };
}

function createSummer(algorithm: Checksum["algorithm"]): { update: (bytes: Buffer) => void; digest: () => Buffer } {
  if (algorithm !== "crc32") {
    const hash = createHash(algorithm);
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
  }
  let sum = 0;
  return {
    update: (bytes) => {
      sum = crc32(bytes, sum);
    },
    digest: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(sum);
      return bytes;
    },
  };
}

function compare(is: Buffer, wanted: Buffer): void {
  if (!is.equals(wanted)) throw new DigestMismatchError("The body does not have its Upload-Checksum");
}
