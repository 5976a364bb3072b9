// What an upload costs here and elsewhere: node bench/upload/upload.ts [--size 512] [--rounds 5] [--write]
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { crc32 } from "node:zlib";

import { createSender, MiB, sendBare, sendDropzone, sendRaw, sendTus } from "./load.ts";
import { startMeasured } from "./process.ts";

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "512" },
    rounds: { type: "string", default: "5" },
    write: { type: "boolean", default: false },
  },
});
const size = Number(values.size) * MiB;
const rounds = Number(values.rounds);
const peers = { "@tus/server": "2.4.5", "@tus/file-store": "2.1.1" };
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const modules = await installPeers();

type Sender = ReturnType<typeof createSender>;
type Row = {
  readonly name: string;
  readonly server: readonly [command: string, ...args: string[]];
  readonly connections: number;
  readonly send: (sender: Sender, url: string, name: string) => Promise<void>;
};

const bare = "bare: 4 MiB PUTs, nothing but written";
const ours = (dir: string) => [process.execPath, here("servers/ours.ts"), dir] as const;
const rows: readonly ((dir: string) => Row)[] = [
  (dir) =>
    row(bare, [process.execPath, here("servers/bare.ts"), dir], 1, (sender, url) =>
      sendBare(sender, { url, size, chunk: 4 * MiB }),
    ),
  (dir) =>
    row(
      "tutorial's Flask: Dropzone 1 MB",
      ["/usr/bin/python3", here("servers/append.py"), dir],
      1,
      dropzone(1_000_000, 1),
    ),
  (dir) => row("here: Dropzone 1 MB", ours(dir), 1, dropzone(1_000_000, 1)),
  (dir) => row("here: Dropzone 8 MiB × 4", ours(dir), 4, dropzone(8 * MiB, 4)),
  (dir) => row("@tus/server: 4 MiB PATCHes", [process.execPath, here("servers/tus.ts"), dir, modules], 1, tus),
  (dir) => row("here: 4 MiB PATCHes", ours(dir), 1, tus),
  (dir) =>
    row("here: raw 8 MiB × 4", ours(dir), 4, (sender, url, name) =>
      sendRaw(sender, { url, name, size, chunk: 8 * MiB, parallel: 4 }),
    ),
];

type Sample = { readonly mibPerS: number; readonly cpuPerGiB: number; readonly peakMiB: number };
const samples = new Map<string, Sample[]>();
for (let round = 0; round < rounds; round += 1) {
  for (const make of rows) {
    const { name, sample } = await measure(make);
    samples.set(name, [...(samples.get(name) ?? []), sample]);
    process.stderr.write(
      `${String(round + 1)}/${String(rounds)} ${name}: ${sample.mibPerS.toFixed(0)} MiB/s, ${sample.cpuPerGiB.toFixed(2)} s/GiB\n`,
    );
  }
}
/** What every server that knows these two of a file has to spend. */
const digests = { sha256: digest((data) => createHash("sha256").update(data).digest()), crc32: digest(crc32) };
const report = render();
process.stdout.write(`${report}\n`);
if (values.write) await writeReport(report);

function row(name: string, server: Row["server"], connections: number, send: Row["send"]): Row {
  return { name, server, connections, send };
}

function dropzone(chunk: number, parallel: number): Row["send"] {
  return (sender, url, name) => sendDropzone(sender, { url, name, size, chunk, parallel });
}

function tus(sender: Sender, url: string, name: string): Promise<void> {
  return sendTus(sender, { url, name, size, chunk: 4 * MiB });
}

/** One upload to a fresh server in a fresh folder, after a small one that warms it up. */
async function measure(make: (dir: string) => Row): Promise<{ name: string; sample: Sample }> {
  const dir = await mkdtemp(join(tmpdir(), "bench-upload-"));
  const { name, server, connections, send } = make(dir);
  const [command, ...args] = server;
  const process = await startMeasured(command, args);
  const sender = createSender(connections);
  try {
    await send(sender, process.url, "warm");
    await touchFreeMemory(dir);
    const [cpu, start] = [await process.cpuS(), performance.now()];
    await send(sender, process.url, "measured");
    const seconds = (performance.now() - start) / 1000;
    const cpuS = (await process.cpuS()) - cpu;
    const sample = {
      mibPerS: size / MiB / seconds,
      cpuPerGiB: (cpuS * 1024 * MiB) / size,
      peakMiB: await process.peakMiB(),
    };
    return { name, sample };
  } finally {
    sender.close();
    await process.end();
    await rm(dir, { recursive: true, force: true });
  }
}

/** CPU seconds a GiB of one digest alone, over bytes that are in the processor's cache: the median of as many runs as rounds. */
function digest(digestOf: (data: Buffer) => unknown): number {
  const data = Buffer.alloc(MiB / 4, "0123456789abcdef-");
  const seconds = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    for (let done = 0; done < size; done += data.length) digestOf(data);
    const { user, system } = process.cpuUsage(before);
    return ((user + system) / 1e6) * ((1024 * MiB) / size);
  });
  return seconds.toSorted((one, other) => one - other)[Math.floor(rounds / 2)] ?? Number.NaN;
}

/**
 * A virtual machine that reports free pages to its host gets each of them back by a fault, 2 to 3 s a GiB, in whoever writes
 * the next new file. A file that was just written and removed leaves pages that are there.
 */
async function touchFreeMemory(dir: string): Promise<void> {
  const path = join(dir, "touched");
  const file = await open(path, "w");
  const block = Buffer.alloc(MiB);
  for (let written = 0; written < size * 3; written += block.length) await file.write(block);
  await file.close();
  await rm(path);
}

function render(): string {
  const base = medianOf(bare, "mibPerS");
  const lines = [...samples.keys()].map((name) => {
    const speed = medianOf(name, "mibPerS");
    const speeds = (samples.get(name) ?? []).map(({ mibPerS }) => mibPerS);
    const swing = `${Math.min(...speeds).toFixed(0)}–${Math.max(...speeds).toFixed(0)}`;
    return `| ${name} | ${speed.toFixed(0)} | ${swing} | ${(speed / base).toFixed(2)} | ${medianOf(name, "cpuPerGiB").toFixed(2)} | ${medianOf(name, "peakMiB").toFixed(0)} |`;
  });
  const ratio = (one: string, other: string) =>
    `${(medianOf(one, "mibPerS") / medianOf(other, "mibPerS")).toFixed(1)} ×`;
  return [
    `Node ${process.versions.node}, ${cpus()[0]?.model ?? ""}, ${String(cpus().length)} cores, ${new Date().toISOString().slice(0, 10)}; ${values.size} MiB a file, loopback; medians of ${values.rounds} interleaved rounds.`,
    "",
    "| | MiB/s | swing | to bare | server CPU s/GiB | peak MiB |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
    ...lines,
    "",
    `SHA-256 alone takes ${digests.sha256.toFixed(2)} CPU s/GiB on this processor, CRC-32 ${digests.crc32.toFixed(2)}: with what bare needs, no server that does as much could take less than ${(medianOf(bare, "cpuPerGiB") + digests.sha256 + digests.crc32).toFixed(2)}.`,
    "",
    `Dropzone, 1 MB chunks one after another: ${ratio("here: Dropzone 1 MB", "tutorial's Flask: Dropzone 1 MB")} the tutorial's server.`,
    `tus, 4 MiB PATCHes one after another: ${ratio("here: 4 MiB PATCHes", "@tus/server: 4 MiB PATCHes")} @tus/server ${peers["@tus/server"]} with @tus/file-store ${peers["@tus/file-store"]}.`,
  ].join("\n");
}

function medianOf(name: string, figure: keyof Sample): number {
  const sorted = (samples.get(name) ?? []).map((sample) => sample[figure]).toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The peers are no dependencies: they live in a cache folder, with pinned versions. */
async function installPeers(): Promise<string> {
  const folder = join(homedir(), ".cache/metacoin-bench/upload");
  const modules = join(folder, "node_modules");
  if (!existsSync(join(modules, "@tus/file-store"))) {
    await mkdir(folder, { recursive: true });
    const names = Object.entries(peers).map(([name, version]) => `${name}@${version}`);
    execFileSync("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", ...names], {
      stdio: ["ignore", 2, 2],
    });
  }
  return modules;
}

async function writeReport(text: string): Promise<void> {
  const path = here("README.md");
  const page = await readFile(path, "utf8");
  await writeFile(
    path,
    page.replace(/<!-- results -->[^]*<!-- end -->/u, `<!-- results -->\n\n${text}\n\n<!-- end -->`),
  );
}
