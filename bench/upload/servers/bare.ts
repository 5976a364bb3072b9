// The least that a Node server can do: what arrives goes to a file, nothing is checked, recorded or synced.
import { createWriteStream } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

const dir = process.argv[2] ?? "";
const server = createServer((request, response) => {
  const start = Number(new URL(request.url ?? "/", "http://localhost").searchParams.get("offset"));
  const file = createWriteStream(join(dir, "file"), {
    flags: start === 0 ? "w" : "r+",
    start,
    highWaterMark: 1024 * 1024,
  });
  pipeline(request, file).then(
    () => response.end("ok"),
    () => response.destroy(),
  );
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null)
    process.stdout.write(`http://127.0.0.1:${String(address.port)}\n`);
});
