// The server's memory while eight large files come at once: node bench/upload/memory.ts [--gib 4] [--files 8]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { createSender, MiB, sendRaw } from "./load.ts";
import { startMeasured } from "./process.ts";

const { values } = parseArgs({
  options: { gib: { type: "string", default: "4" }, files: { type: "string", default: "8" } },
});
const size = Number(values.gib) * 1024 * MiB;
const files = Number(values.files);
const dir = await mkdtemp(join(tmpdir(), "bench-memory-"));
const server = await startMeasured(process.execPath, [fileURLToPath(new URL("servers/ours.ts", import.meta.url)), dir]);
const sender = createSender(files);
try {
  const idle = await server.peakMiB();
  const [cpu, start] = [await server.cpuS(), performance.now()];
  const names = Array.from({ length: files }, (_, index) => `file-${String(index)}`);
  await Promise.all(names.map((name) => sendRaw(sender, { url: server.url, name, size, chunk: 8 * MiB, parallel: 1 })));
  const seconds = (performance.now() - start) / 1000;
  const cpuPerGiB = ((await server.cpuS()) - cpu) / (Number(values.gib) * files);
  process.stdout.write(
    `${String(files)} × ${values.gib} GiB at once: peak ${(await server.peakMiB()).toFixed(0)} MiB (${idle.toFixed(0)} when idle), ${((files * size) / MiB / seconds).toFixed(0)} MiB/s, ${cpuPerGiB.toFixed(2)} CPU s/GiB\n`,
  );
} finally {
  sender.close();
  await server.end();
  await rm(dir, { recursive: true, force: true });
}
