// The whole server: catalogue, crc32, sha256, fdatasync, publish.
import { suitCollectorToBodies } from "../../../src/upload/collector.ts";
import { startServing } from "../../../src/upload/serve.ts";
import { openStore } from "../../../src/upload/store.ts";

suitCollectorToBodies();
const store = await openStore({ dir: process.argv[2] ?? "" });
const { url } = await startServing({ store, host: "127.0.0.1", port: 0 });
process.stdout.write(`${url}\n`);
