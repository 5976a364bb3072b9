import { createHash, randomBytes } from "node:crypto";
import { open } from "node:fs/promises";

const MiB = 1024 * 1024;

/** Writes a file of random blocks, no two alike, and tells its sha256. */
export async function makeFile(path: string, size: number): Promise<string> {
  const digest = createHash("sha256");
  const block = randomBytes(Math.min(MiB, Math.max(8, size)));
  const file = await open(path, "w");
  for (let at = 0; at < size; at += block.length) {
    block.writeDoubleLE(at, 0);
    const piece = block.subarray(0, Math.min(block.length, size - at));
    digest.update(piece);
    await file.write(piece);
  }
  await file.close();
  return digest.digest("hex");
}
