import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import {
  type Connection,
  type IpcEvent,
  IpcError,
  type Listener,
  UnknownMethodError,
  UnreachableError,
} from "./contract.ts";
import { isServed } from "./served.ts";
import { socket } from "./socket.ts";

/** Publishes what a long command does, so that others can watch it while it runs, from the beginning even when they come late. */
export type EventLog = {
  /** The socket a watcher connects to. */
  readonly path: string;
  /** Numbers the event, keeps it for late watchers and sends it to those who watch. */
  publish(topic: string, data: unknown): number;
  /** Lets every watcher read to the end, then removes the socket. */
  close(): Promise<void>;
};

/** Events kept for replay; the oldest go first. */
const keptEvents = 100_000;

const socketSuffix = ".events.sock";

/**
 * Opens an event log on a unix socket of mode 0600 in `folder`, named after what runs and its process.
 *
 * @param name such as `"deploy-sepolia"`; what is no letter, digit or dash becomes a dash.
 * @example const log = await createEventLog({ folder: endpointFolder({ runtimeDir, tmpDir }), name: "deploy-sepolia" });
 */
export async function createEventLog({
  folder,
  name,
}: {
  readonly folder: string;
  readonly name: string;
}): Promise<EventLog> {
  const kept: IpcEvent[] = [];
  let sequence = 0;
  const path = join(folder, `${name.replaceAll(/[^a-zA-Z0-9-]/gu, "-")}-${String(process.pid)}${socketSuffix}`);
  const listener: Listener = await socket.listen({
    endpoint: { folder, path },
    answer({ method }) {
      throw new UnknownMethodError(`Unknown command: ${method}`, { hint: "This socket only tells events" });
    },
    // Sequence numbers are consecutive, so the missed ones are the tail.
    replay: (after) => kept.slice(Math.max(0, after - (sequence - kept.length))),
  });
  return {
    path,
    publish(topic, data) {
      sequence += 1;
      const event: IpcEvent = { topic, data, sequence };
      kept.push(event);
      if (kept.length > keptEvents) kept.shift();
      void listener.publish(event);
      return sequence;
    },
    async close() {
      await listener.close();
      rmSync(`${path}.lock`, { force: true });
    },
  };
}

/** The sockets of commands that run now, newest process last; what killed ones left is removed. */
export function findEventLogs(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(socketSuffix))
    .map((name) => join(folder, name))
    .filter((path) => {
      if (isServed(path)) return true;
      rmSync(path, { force: true });
      rmSync(`${path}.lock`, { force: true });
      return false;
    })
    .sort();
}

/**
 * Watches the event log at `path`: everything after sequence number `after`, then what happens, each event once and in order.
 *
 * @throws {UnreachableError} when nothing runs there.
 */
export async function watchEventLog(
  path: string,
  {
    after = 0,
    folder,
    onEvent,
  }: { readonly after?: number; readonly folder: string; readonly onEvent: (event: IpcEvent) => void },
): Promise<Connection> {
  const connection = await socket.connect({ endpoint: { folder, path } });
  let last = after;
  await connection.subscribe({
    after,
    onEvent(event) {
      if (event.sequence !== undefined && event.sequence <= last) return;
      last = event.sequence ?? last;
      onEvent(event);
    },
  });
  return connection;
}

/**
 * What became of a source of events once a connection to it has closed: it ended and took its socket with it, it was killed,
 * or it goes on and has dropped a watcher who did not read.
 */
export function fateOf(path: string): "ended" | "killed" | "goes on" {
  if (isServed(path)) return "goes on";
  return existsSync(path) ? "killed" : "ended";
}

/** The one command that runs, or the reason why there is no single one. */
export function findOnlyEventLog(folder: string): string {
  const paths = findEventLogs(folder);
  const [only] = paths;
  if (only === undefined) {
    throw new UnreachableError("Nothing that publishes events runs here", {
      hint: "Start a deployment in another terminal, or name a transport: npx hardhat ipc watch --transport socket",
    });
  }
  if (paths.length > 1) {
    throw new SeveralEventLogsError(`${String(paths.length)} commands publish events`, {
      hint: paths.map((path) => `npx hardhat ipc watch --path ${path}`).join("\n"),
    });
  }
  return only;
}

/** More than one command runs, so the one to watch must be named. */
class SeveralEventLogsError extends IpcError {
  override readonly code = "SEVERAL_EVENT_LOGS";
}
