import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

import { UsageError } from "../errors.ts";

const derive = promisify(argon2);

/** RFC 9106, section 4, for memory-constrained hosts: 64 MiB, three passes; about 0.2 s of one core. */
const cost = { memory: 65_536, passes: 3, parallelism: 1 };
const saltBytes = 16;
const hashBytes = 32;
const shortest = 8;
/** More is refused before it is hashed: a megabyte of password is an attack. */
const longest = 1024;

/**
 * Hashes a password with argon2id into one PHC line, `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
 *
 * @throws {UsageError} where it has fewer than 8 characters or more than 1024 bytes.
 */
export async function hashPassword(password: string): Promise<string> {
  const bytes = normalize(password);
  if (password.length < shortest || bytes.length > longest)
    throw new UsageError(
      `A password has at least ${String(shortest)} characters and at most ${String(longest)} bytes.`,
    );
  const salt = randomBytes(saltBytes);
  const hash = await derive("argon2id", { ...cost, message: bytes, nonce: salt, tagLength: hashBytes });
  const costs = `m=${String(cost.memory)},t=${String(cost.passes)},p=${String(cost.parallelism)}`;
  return ["", "argon2id", "v=19", costs, unpadded(salt), unpadded(hash)].join("$");
}

/** Whether `password` made this PHC line. */
export async function verifyPassword(password: string, phc: string): Promise<boolean> {
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/u.exec(phc);
  const [, memory, passes, parallelism, salt = "", hash = ""] = parts ?? [];
  const message = normalize(password);
  if (parts === null || message.length > longest) return false;
  const wanted = Buffer.from(hash, "base64");
  const given = await derive("argon2id", {
    message,
    nonce: Buffer.from(salt, "base64"),
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: wanted.length,
  });
  return timingSafeEqual(given, wanted);
}

/** One spelling for what looks the same: keyboards disagree on composed letters. */
function normalize(password: string): Buffer {
  return Buffer.from(password.normalize("NFKC"));
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}
