// @tus/server with its file store, as its own documentation sets it up: tus.ts DIR NODE_MODULES
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [, , dir = "", modules = ""] = process.argv;
const load = (name: string) => import(pathToFileURL(join(modules, name, "dist/index.js")).href);
const { Server } = await load("@tus/server");
const { FileStore } = await load("@tus/file-store");
const tus = new Server({ path: "/files", datastore: new FileStore({ directory: dir }), relativeLocation: true });
const server = createServer(tus.handle.bind(tus));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null)
    process.stdout.write(`http://127.0.0.1:${String(address.port)}\n`);
});
