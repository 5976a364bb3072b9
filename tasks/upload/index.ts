import { emptyTask, task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";

import { describe } from "../describe.ts";

const server = "http://127.0.0.1:8080";

const optional = { type: ArgumentType.STRING_WITHOUT_DEFAULT, defaultValue: undefined } as const;

const send = task(["upload", "send"])
  .setDescription(
    describe("upload send", "Sends files and directories; a run that was interrupted is continued by the next", [
      "backup.tar",
      "deployments/sepolia --dir records",
      "image.qcow2 --to https://files.example.org --parallel 8 --chunk 16MiB",
    ]),
  )
  .addVariadicArgument({ name: "files", description: "Files, and directories with all that is below them" })
  .addOption({ name: "to", description: "The server", defaultValue: server })
  .addOption({ name: "dir", description: "The directory there, such as a/b; it is made", defaultValue: "" })
  .addOption({ name: "parallel", description: "Chunks at once", type: ArgumentType.INT, defaultValue: 4 })
  .addOption({ name: "chunk", description: "Bytes a chunk", defaultValue: "8MiB" })
  .addFlag({ name: "json", description: "One JSON document" })
  .setAction(() => import("./send.ts"))
  .build();

const get = task(["upload", "get"])
  .setDescription(
    describe("upload get", "Downloads a file and verifies its hash; continues where an earlier run ended", [
      "http://127.0.0.1:8080/f/backup.tar",
      "https://files.example.org/f/records/sepolia/MetaCoin.json --out MetaCoin.json",
    ]),
  )
  .addPositionalArgument({ name: "url", description: "What `upload send` printed" })
  .addOption({ name: "out", description: "A new file, or a directory", defaultValue: "." })
  .addFlag({ name: "json", description: "One JSON document" })
  .setAction(() => import("./get.ts"))
  .build();

const passwd = task(["upload", "passwd"])
  .setDescription(
    describe("upload passwd", "Sets the password of a store and ends all sessions; a running server sees it at once", [
      "",
      "--dir /srv/files --token-file token",
    ]),
  )
  .addOption({ name: "dir", description: "The store's folder", defaultValue: "store" })
  .addOption({
    name: "tokenFile",
    description: "A new file for a token, for programs (UPLOAD_TOKEN)",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addFlag({ name: "json", description: "One JSON document" })
  .setAction(() => import("./passwd.ts"))
  .build();

const serve = task(["upload", "serve"])
  .setDescription(
    describe("upload serve", "Serves a folder: web page, Dropzone, tus, raw ranges and text drops; Ctrl-C ends it", [
      "",
      "--dir /srv/files --port 9000 --quota 200GiB --max-size 20GiB",
      "--host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
    ]),
  )
  .addOption({ name: "dir", description: "The store's folder; it is made", defaultValue: "store" })
  .addOption({ name: "host", description: "Other than loopback: password and TLS needed", defaultValue: "127.0.0.1" })
  .addOption({ name: "port", description: "0 for any that is free", type: ArgumentType.INT, defaultValue: 8080 })
  .addOption({ ...optional, name: "tlsCert", description: "A certificate, PEM" })
  .addOption({ ...optional, name: "tlsKey", description: "Its key, PEM" })
  .addOption({ name: "maxSize", description: "The largest file; empty for any", defaultValue: "" })
  .addOption({ name: "quota", description: "All files and uploads together; empty for any", defaultValue: "" })
  .addOption({ name: "reserve", description: "What stays free on the disk", defaultValue: "256MiB" })
  .addOption({ name: "ttl", description: "How long an upload may idle", defaultValue: "24h" })
  .addFlag({ name: "insecureHost", description: "Listen beyond loopback without password or TLS" })
  .setAction(() => import("./serve.ts"))
  .build();

const list = task(["upload", "list"])
  .setDescription(
    describe("upload list", "The uploads of a store and how far they are", [
      "",
      "--state active",
      "--dir /srv/files --json",
    ]),
  )
  .addOption({ name: "dir", description: "The store's folder", defaultValue: "store" })
  .addOption({ ...optional, name: "state", description: "active, done, failed or gone" })
  .addFlag({ name: "json", description: "One JSON document" })
  .setAction(() => import("./list.ts"))
  .build();

const prune = task(["upload", "prune"])
  .setDescription(
    describe("upload prune", "Removes uploads that idle and bytes that belong to nothing; never a published file", [
      "--dry-run",
      "--older 1h",
      "--verify --json",
    ]),
  )
  .addOption({ name: "dir", description: "The store's folder", defaultValue: "store" })
  .addOption({ name: "older", description: "Nothing younger is touched", defaultValue: "24h" })
  .addFlag({ name: "verify", description: "Read all contents and compare their sha256" })
  .addFlag({ name: "dryRun", description: "Only say what would be done" })
  .addFlag({ name: "json", description: "One JSON document" })
  .setAction(() => import("./prune.ts"))
  .build();

export const uploadTasks: TaskDefinition[] = [
  emptyTask("upload", "A file drop: chunked, parallel, resumable").build(),
  serve,
  send,
  list,
  prune,
  get,
  passwd,
];
