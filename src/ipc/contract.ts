import { MetacoinError } from "../errors.ts";
import type { Cancellation } from "./cancellation.ts";

/** What a transport can do, and what it needs; the conformance suite skips by these flags. */
export type Capabilities = {
  /** A call gets its own reply. */
  readonly request: boolean;
  /** Events reach every client that listens. */
  readonly publish: boolean;
  /** Late clients can have earlier events replayed. */
  readonly stream: boolean;
  /** Carries data; a signal carries only its number. */
  readonly payload: boolean;
  /** Messages of one sender arrive in the order they were sent. */
  readonly ordered: boolean;
  /** What was accepted arrives, or the sender hears of it. */
  readonly reliable: boolean;
  /** Both sides prove that they know the key. */
  readonly auth: boolean;
  /** Works on Linux, macOS and Windows. */
  readonly crossPlatform: boolean;
  /** Leaves something in the file system while it runs. */
  readonly needsFile: boolean;
  /** Needs a program beside server and client. */
  readonly needsService: boolean;
};

/** The capabilities that are named, and no others. */
export function can(...flags: readonly (keyof Capabilities)[]): Capabilities {
  return {
    request: flags.includes("request"),
    publish: flags.includes("publish"),
    stream: flags.includes("stream"),
    payload: flags.includes("payload"),
    ordered: flags.includes("ordered"),
    reliable: flags.includes("reliable"),
    auth: flags.includes("auth"),
    crossPlatform: flags.includes("crossPlatform"),
    needsFile: flags.includes("needsFile"),
    needsService: flags.includes("needsService"),
  };
}

/** The names `--transport` takes. */
export const transportNames = ["fifo", "file", "redis", "mqtt", "shm", "signal", "socket", "rpc"] as const;

export type TransportName = (typeof transportNames)[number];

/** Where a server listens; each transport uses the parts it knows and has a default for the rest. */
export type Endpoint = {
  /** A folder of mode 0700 in which defaults, locks and reply channels live. */
  readonly folder: string;
  /** Socket, FIFO, shared file or PID file. */
  readonly path?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly url?: string | undefined;
  /** A dialect of the transport, such as `python` on `socket` or `rest` on `rpc`. */
  readonly protocol?: string | undefined;
};

/** What one peer may cost a server. */
export type Limits = {
  /** Largest message, in bytes; checked on its header, before anything is buffered. */
  readonly maxMessageBytes: number;
  readonly maxConnections: number;
  /** A peer has this long to prove who it is, in milliseconds. */
  readonly handshakeMs: number;
  /** A peer that does not read is dropped when more than this waits for it, in bytes. */
  readonly maxQueuedBytes: number;
};

export const defaultLimits: Limits = {
  maxMessageBytes: 16 * 1024 * 1024,
  maxConnections: 1024,
  handshakeMs: 5000,
  maxQueuedBytes: 16 * 1024 * 1024,
};

/** Who is at the other end, as far as the transport knows. */
export type Peer = { readonly pid?: number; readonly uid?: number; readonly gid?: number };

/** A call as a server receives it. */
export type Incoming = {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly peer: Peer;
  /** Aborts when the client cancelled or went away. */
  readonly signal: AbortSignal;
};

/** Carries out one call: the result, or a promise of it; throws an {@link IpcError}. */
export type Answer = (call: Incoming) => unknown;

/** Something that happened, as clients see it; `sequence` counts from 1 where the transport can replay. */
export type IpcEvent = { readonly topic: string; readonly data: unknown; readonly sequence?: number | undefined };

export type ListenOptions = {
  readonly endpoint: Endpoint;
  /** The shared secret; `undefined` where file permissions are the only guard. */
  readonly key?: Buffer | undefined;
  readonly limits?: Partial<Limits>;
  readonly answer: Answer;
  /** Events that a late subscriber missed, those after `sequence`. */
  readonly replay?: (sequence: number) => readonly IpcEvent[];
  /** What a peer did wrong; the server goes on. */
  readonly onFault?: (fault: Error) => void;
};

export type Listener = {
  /** What a client is given: a path, host:port or URL. */
  readonly address: string;
  /** Sends an event to every client that listens now. */
  publish(event: IpcEvent): void | Promise<void>;
  /** Takes no more calls, lets every accepted one reply, then frees the endpoint. */
  close(): Promise<void>;
};

export type ConnectOptions = {
  readonly endpoint: Endpoint;
  readonly key?: Buffer | undefined;
  readonly limits?: Partial<Limits>;
  /** Gives up connecting. */
  readonly signal?: AbortSignal | undefined;
};

export type Subscription = {
  /** Replays what came after this sequence number first, where the transport can; 0 is everything. */
  readonly after?: number;
  readonly onEvent: (event: IpcEvent) => void;
};

export type Connection = {
  /** One call; rejects with the server's {@link RemoteError}, or {@link DisconnectedError}. */
  request(method: string, params: readonly unknown[], cancellation: Cancellation): Promise<unknown>;
  /** Begins to deliver events; resolves when no later event can be missed. */
  subscribe(subscription: Subscription): Promise<void>;
  /** Resolves when the other side has gone or `close` was called. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
};

export type Availability = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** One way for two programs to talk. */
export type Transport = {
  readonly name: TransportName;
  readonly summary: string;
  readonly caps: Capabilities;
  /** Whether it works on this machine now; otherwise why not and what to install. */
  available(endpoint: Endpoint): Promise<Availability>;
  /** @throws {EndpointBusyError} when another server owns the endpoint. */
  listen(options: ListenOptions): Promise<Listener>;
  /** @throws {UnreachableError} when nobody listens. */
  connect(options: ConnectOptions): Promise<Connection>;
};

/** The failures that cross the wire, by `code`. */
export class IpcError extends MetacoinError {
  override readonly code: string = "IPC";
}

/** The server has no such method. */
export class UnknownMethodError extends IpcError {
  override readonly code = "UNKNOWN_METHOD";
}

/** The parameters do not fit the method's schema. */
export class InvalidParamsError extends IpcError {
  override readonly code = "INVALID_PARAMS";
}

/** Too many calls wait already; trying later is safe, for nothing was started. */
export class OverloadedError extends IpcError {
  override readonly code = "OVERLOADED";
}

/** The deadline passed first; the server was told to stop. */
export class DeadlineError extends IpcError {
  override readonly code = "DEADLINE";
}

/** The caller gave up. */
export class CancelledError extends IpcError {
  override readonly code = "CANCELLED";
}

/** What the server answered instead of a result; `remoteCode` is its code. */
export class RemoteError extends IpcError {
  override readonly code = "REMOTE";
  readonly remoteCode: string;

  constructor(message: string, remoteCode: string) {
    super(message);
    this.remoteCode = remoteCode;
  }
}

/** The other side went away before it replied; whether the call was carried out is not known. */
export class DisconnectedError extends IpcError {
  override readonly code = "DISCONNECTED";
}

/** Nobody listens there. */
export class UnreachableError extends IpcError {
  override readonly code = "UNREACHABLE";
}

/** Another server owns the endpoint. */
export class EndpointBusyError extends IpcError {
  override readonly code = "ENDPOINT_BUSY";
}

/** A peer broke the protocol, or a limit. */
export class ProtocolError extends IpcError {
  override readonly code = "PROTOCOL";
}

/** The other side does not know the key. */
export class WrongKeyError extends IpcError {
  override readonly code = "WRONG_KEY";
}

/** The transport cannot do this at all; its flags say so. */
export class UnsupportedError extends IpcError {
  override readonly code = "UNSUPPORTED";
}
