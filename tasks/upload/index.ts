import { emptyTask, task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";

import { describe } from "../describe.ts";

const server = "http://127.0.0.1:8080";

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

export const uploadTasks: TaskDefinition[] = [
  emptyTask("upload", "A file drop: chunked, parallel, resumable").build(),
  send,
  get,
  passwd,
];
