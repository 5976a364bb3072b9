import { emptyTask, task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";

import { describe } from "../describe.ts";
import { signerTasks } from "./signer-tasks.ts";

const names = "fifo, file, redis, mqtt, shm, signal, socket or rpc";

const optional = { type: ArgumentType.STRING_WITHOUT_DEFAULT, defaultValue: undefined } as const;

const serve = task(["ipc", "serve"])
  .setDescription(
    describe("ipc serve", "Serves the converter, arithmetic, channels, lines and state over one transport", [
      "--transport socket",
      "--transport socket --protocol python --path /tmp/demo.sock --key-file key",
      "--transport fifo --path /tmp/demo.fifo",
    ]),
  )
  .addOption({ name: "transport", description: names, defaultValue: "socket" })
  .addOption({ name: "path", description: "Socket, FIFO or file; by default in a folder of yours alone", ...optional })
  .addOption({ name: "port", description: "TCP on loopback instead", ...optional })
  .addOption({ name: "url", description: "The Redis or MQTT broker", ...optional })
  .addOption({ name: "keyFile", description: "The shared key, mode 0600; made on first use", ...optional })
  .addOption({ name: "protocol", description: "python (socket), lines (shm), http and others (rpc)", ...optional })
  .addFlag({ name: "ndjson", description: "A JSON document a line" })
  .setAction(() => import("./serve.ts"))
  .build();

const call = task(["ipc", "call"])
  .setDescription(
    describe("ipc call", "Calls a method of a running server", [
      "--transport socket multiply 8 8",
      "--transport fifo convert hello",
      "--transport socket stop server",
    ]),
  )
  .addPositionalArgument({ name: "method", description: "convert, add, multiply, send, line, lines, state, switch" })
  .addVariadicArgument({ name: "arguments", description: "JSON values, or text", defaultValue: [] })
  .addOption({ name: "transport", description: names, defaultValue: "socket" })
  .addOption({ name: "path", description: "Where the server listens", ...optional })
  .addOption({ name: "port", description: "Its TCP port", ...optional })
  .addOption({ name: "url", description: "The Redis or MQTT broker", ...optional })
  .addOption({ name: "keyFile", description: "The shared key", ...optional })
  .addOption({ name: "protocol", description: "As the server's", ...optional })
  .addOption({
    name: "timeout",
    description: "Seconds until the call is given up",
    type: ArgumentType.INT,
    defaultValue: 30,
  })
  .addFlag({ name: "json", description: "One JSON document" })
  .setAction(() => import("./call.ts"))
  .build();

const watch = task(["ipc", "watch"])
  .setDescription(
    describe("ipc watch", "Shows events as they happen; without a transport those of the deployment that runs now", [
      "",
      "--transport redis",
      "--transport signal --path /tmp/service.pids",
    ]),
  )
  .addOption({ name: "transport", description: names, ...optional })
  .addOption({ name: "path", description: "Where the events come from", ...optional })
  .addOption({ name: "port", description: "The server's TCP port", ...optional })
  .addOption({ name: "url", description: "The Redis or MQTT broker", ...optional })
  .addOption({ name: "keyFile", description: "The shared key", ...optional })
  .addOption({ name: "protocol", description: "As the server's", ...optional })
  .addOption({
    name: "after",
    description: "Replays what followed this number; 0 is all",
    type: ArgumentType.INT,
    defaultValue: 0,
  })
  .addFlag({ name: "ndjson", description: "A JSON document a line" })
  .setAction(() => import("./watch.ts"))
  .build();

const compare = task(["ipc", "compare"])
  .setDescription(
    describe("ipc compare", "Measures every transport here and now, beside what C reaches", [
      "",
      "--transports socket,shm --json",
      "--html ipc.html",
    ]),
  )
  .addOption({ name: "transports", description: "Some of them, with commas", ...optional })
  .addOption({ name: "url", description: "The Redis to measure", ...optional })
  .addOption({ name: "html", description: "Also writes a page with a chart", ...optional })
  .addFlag({ name: "json", description: "One JSON document" })
  .setAction(() => import("./compare.ts"))
  .build();

export const ipcTasks: TaskDefinition[] = [
  emptyTask("ipc", "Eight ways for two programs to talk, and a signer that uses one").build(),
  serve,
  call,
  watch,
  compare,
  ...signerTasks,
];
