import { resolve } from "node:path";

import { type Connection, DisconnectedError, type IpcEvent } from "../../src/ipc/contract.ts";
import { fateOf, findOnlyEventLog, watchEventLog } from "../../src/ipc/events.ts";
import { printable } from "../../src/text.ts";
import { action, type ActionContext, toJson } from "../action.ts";
import { defaultFolder, type EndpointArguments, readEndpoint, readSecret, readTransport } from "./endpoint.ts";

type Arguments = EndpointArguments & {
  readonly transport: string | undefined;
  readonly after: number;
  readonly ndjson: boolean;
};

type Watched = {
  readonly connection: Connection;
  /** The event log's, where a command is watched. */
  readonly path?: string;
};

/** Prints events until Ctrl-C, or until their source has ended. */
export default action<Arguments, undefined>({
  async run(args, { progress, signal }) {
    let last = args.after;
    const onEvent = (event: IpcEvent) => {
      last = event.sequence ?? last;
      process.stdout.write(`${args.ndjson ? JSON.stringify(event) : renderEvent(event)}\n`);
    };
    const { connection, path } =
      args.transport === undefined
        ? await watchCommand(args, progress, onEvent)
        : await watchTransport(args.transport, args, onEvent, signal);
    const stop = () => void connection.close();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    await connection.closed;
    if (signal.aborted) return undefined;
    if (path !== undefined) requireEnd(path, last);
    progress.line(`Nothing more will come: ${path === undefined ? "the server has gone" : "it has ended"}.`);
    return undefined;
  },
  render: () => "",
});

/** A long command that runs in another terminal, such as a deployment. */
async function watchCommand(
  { path, after }: Arguments,
  progress: ActionContext["progress"],
  onEvent: (event: IpcEvent) => void,
): Promise<Watched> {
  const folder = defaultFolder();
  const found = path === undefined ? findOnlyEventLog(folder) : resolve(path);
  progress.line(`Watching ${found}`);
  return { connection: await watchEventLog(found, { folder, after, onEvent }), path: found };
}

/** @throws {DisconnectedError} where the last event was not the end. */
function requireEnd(path: string, last: number): void {
  const fate = fateOf(path);
  if (fate === "killed")
    throw new DisconnectedError(`What was watched has been killed after event ${String(last)}`, {
      hint: "A deployment goes on where it was when it is started again: npx hardhat deploy",
    });
  if (fate === "goes on")
    throw new DisconnectedError(`The events came faster than they were read; the last one was ${String(last)}`, {
      hint: `npx hardhat ipc watch --path ${path} --after ${String(last)}`,
    });
}

async function watchTransport(
  name: string,
  args: Arguments,
  onEvent: (event: IpcEvent) => void,
  signal: AbortSignal,
): Promise<Watched> {
  const endpoint = readEndpoint(args);
  const transport = await readTransport(name, endpoint);
  const key = await readSecret(transport, args, endpoint, { create: false });
  const connection = await transport.connect({ endpoint, key, signal });
  await connection.subscribe({ after: args.after, onEvent });
  return { connection };
}

/** `12 confirm {"contract":"MetaCoin"}`; the number where there is one. */
export function renderEvent({ topic, data, sequence }: IpcEvent): string {
  const text = typeof data === "string" ? data : toJson(data ?? null).replaceAll(/\s+/gu, " ");
  return printable([...(sequence === undefined ? [] : [String(sequence)]), topic, text].join(" "));
}
