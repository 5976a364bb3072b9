import { resolve } from "node:path";

import type { Connection, IpcEvent } from "../../src/ipc/contract.ts";
import { findOnlyEventLog, watchEventLog } from "../../src/ipc/events.ts";
import { toJson, action } from "../action.ts";
import { defaultFolder, type EndpointArguments, readEndpoint, readSecret, readTransport } from "./endpoint.ts";

type Arguments = EndpointArguments & {
  readonly transport: string | undefined;
  readonly after: number;
  readonly ndjson: boolean;
};

/** Prints events until Ctrl-C, or until their source has ended. */
export default action<Arguments, undefined>({
  async run(args, { progress, signal }) {
    const onEvent = (event: IpcEvent) => {
      process.stdout.write(`${args.ndjson ? JSON.stringify(event) : renderEvent(event)}\n`);
    };
    const connection =
      args.transport === undefined
        ? await watchCommand(
            args,
            (text) => {
              progress.line(text);
            },
            onEvent,
          )
        : await watchTransport(args.transport, args, onEvent);
    signal.addEventListener("abort", () => void connection.close(), { once: true });
    await connection.closed;
    progress.line("Nothing more will come: it has ended.");
    return undefined;
  },
  render: () => "",
});

/** A long command that runs in another terminal, such as a deployment. */
async function watchCommand(
  { path, after }: Arguments,
  say: (text: string) => void,
  onEvent: (event: IpcEvent) => void,
): Promise<Connection> {
  const folder = defaultFolder();
  const found = path === undefined ? findOnlyEventLog(folder) : resolve(path);
  say(`Watching ${found}`);
  return watchEventLog(found, { folder, after, onEvent });
}

async function watchTransport(name: string, args: Arguments, onEvent: (event: IpcEvent) => void): Promise<Connection> {
  const endpoint = readEndpoint(args);
  const transport = await readTransport(name, endpoint);
  const key = await readSecret(transport, args, endpoint, { create: false });
  const connection = await transport.connect({ endpoint, key });
  await connection.subscribe({ after: args.after, onEvent });
  return connection;
}

/** `12 confirm {"contract":"MetaCoin"}`; the number where there is one. */
export function renderEvent({ topic, data, sequence }: IpcEvent): string {
  const text = typeof data === "string" ? data : toJson(data ?? null).replaceAll(/\s+/gu, " ");
  return [...(sequence === undefined ? [] : [String(sequence)]), topic, text].join(" ");
}
