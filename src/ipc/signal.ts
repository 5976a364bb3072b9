import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

import {
  type Availability,
  can,
  type Connection,
  type ConnectOptions,
  type Endpoint,
  type Listener,
  type ListenOptions,
  ProtocolError,
  type Transport,
  UnreachableError,
  UnsupportedError,
} from "./contract.ts";
import { isCode } from "./endpoint.ts";
import { withLock } from "./lock.ts";
import { own } from "./own.ts";
import { catches } from "./process.ts";
import { isServed } from "./served.ts";
import { watchFile } from "./watch.ts";

/** The tutorial's mapping on the client: SIGUSR1 means the service is off, SIGUSR2 that it is on. */
const signalOf = { off: "SIGUSR1", on: "SIGUSR2" } as const;

const both = [constants.signals.SIGUSR1, constants.signals.SIGUSR2];

/**
 * Signals tell every registered process whether the service is on. They carry a state, not messages: of two sent quickly one may arrive.
 *
 * Clients write their PID, a line each, into a file. Only a process of ours that handles both signals is ever signalled:
 * a stale or recycled PID is removed, and a Node program without handlers would open its inspector.
 */
export const signal: Transport = {
  name: "signal",
  summary: "SIGUSR2 is on, SIGUSR1 is off, sent to registered PIDs",
  caps: can("publish", "needsFile"),
  available,
  listen,
  connect,
};

function available(): Promise<Availability> {
  if (process.platform === "linux") return Promise.resolve({ ready: true });
  return Promise.resolve({
    ready: false,
    reason: `${process.platform} does not tell which signals a process handles (/proc), so none is sent; use --transport socket`,
  });
}

const pathOf = ({ folder, path }: Endpoint) => path ?? join(folder, "signal.pids");

/** Handles both signals. The handlers stay for good: without them the next signal would kill this process, or open its inspector. */
function onSignals(onState: (state: "on" | "off") => void): void {
  process.on("SIGUSR1", () => {
    onState("off");
  });
  process.on("SIGUSR2", () => {
    onState("on");
  });
}

function readPids(path: string): number[] {
  let text = "";
  try {
    text = readFileSync(path, "utf8").slice(0, 65_536);
  } catch (error) {
    if (!isCode(error, "ENOENT")) throw error;
  }
  const pids = text.split(/\s+/u).filter((word) => /^[1-9]\d{0,9}$/u.test(word));
  return [...new Set(pids.map(Number))].filter((pid) => pid !== process.pid);
}

/** Sends the state, and forgets those that are not there to hear it. */
function tell(pids: readonly number[], state: "on" | "off"): number[] {
  return pids.filter((pid) => {
    if (!catches(pid, both)) return false;
    try {
      return process.kill(pid, signalOf[state]);
    } catch {
      return false;
    }
  });
}

async function listen({ endpoint, answer, onFault }: ListenOptions): Promise<Listener> {
  const path = pathOf(endpoint);
  const ownership = own(`${path}.server`);
  let state: "on" | "off" = "on";
  let told = new Set<number>();
  let open = true;

  /** Tells `state` to all, or to those alone who are new. */
  const announce = (all: boolean) =>
    withLock(`${path}.lock`, () => {
      const pids = readPids(path);
      const known = all ? [] : pids.filter((pid) => told.has(pid) && catches(pid, both));
      const heard = tell(
        pids.filter((pid) => !known.includes(pid)),
        state,
      );
      told = new Set([...known, ...heard]);
      if (told.size < pids.length) writeFileSync(path, [...told, ""].join("\n"), { mode: 0o600 });
    });

  const tellFault = (error: unknown) => onFault?.(error instanceof Error ? error : new ProtocolError(String(error)));
  /** A client's request to switch; the service publishes the change. */
  const switchTo = async (next: "on" | "off") => {
    await answer({ method: "switch", params: [next], peer: {}, signal: new AbortController().signal });
  };
  onSignals((next) => {
    if (open) switchTo(next).catch(tellFault);
  });
  appendFileSync(path, "", { mode: 0o600 });
  writeFileSync(`${path}.server`, `${String(process.pid)}\n`, { mode: 0o600 });
  const watcher = watchFile(path, () => {
    announce(false).catch(tellFault);
  });
  await announce(true);
  return {
    address: path,
    async publish({ data }) {
      if (data !== "on" && data !== "off") throw new UnsupportedError("A signal tells on or off and nothing else");
      state = data;
      await announce(true);
    },
    async close() {
      open = false;
      watcher.close();
      state = "off";
      await announce(true);
      ownership.release();
    },
  };
}

async function connect({ endpoint, signal: opening }: ConnectOptions): Promise<Connection> {
  opening?.throwIfAborted();
  const path = pathOf(endpoint);
  if (!isServed(`${path}.server`)) {
    throw new UnreachableError(`Nobody serves ${path}`, {
      hint: "Start a server: npx hardhat ipc serve --transport signal",
    });
  }
  let onState: (state: "on" | "off") => void = () => undefined;
  const closed = Promise.withResolvers<void>();
  onSignals((state) => {
    onState(state);
  });
  return {
    /** Nothing comes back: the state that is announced next is the answer. */
    request(method, [state]) {
      const pid = readPids(`${path}.server`)[0];
      if (method !== "switch" || (state !== "on" && state !== "off")) {
        return Promise.reject(new UnsupportedError("Signals can only switch the service: switch on, switch off"));
      }
      if (pid === undefined || tell([pid], state).length === 0) {
        return Promise.reject(new UnreachableError(`The server of ${path} does not run`));
      }
      return Promise.resolve(state);
    },
    async subscribe({ onEvent }) {
      let last: string | undefined;
      onState = (state) => {
        if (state !== last) onEvent({ topic: "state", data: state });
        last = state;
      };
      await withLock(`${path}.lock`, () => {
        appendFileSync(path, `${String(process.pid)}\n`, { mode: 0o600 });
      });
    },
    closed: closed.promise,
    async close() {
      onState = () => undefined;
      await withLock(`${path}.lock`, () => {
        writeFileSync(path, [...readPids(path), ""].join("\n"), { mode: 0o600 });
      });
      closed.resolve();
    },
  };
}
