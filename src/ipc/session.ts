import { Cancellation, IncomingCall } from "./cancellation.ts";
import {
  type Answer,
  CancelledError,
  type Connection,
  DisconnectedError,
  type IpcEvent,
  type Peer,
  ProtocolError,
  type Subscription,
  WrongKeyError,
} from "./contract.ts";
import { decodeMessage, describeFailure, encodeMessage, isRecord, kinds, remoteFailure } from "./messages.ts";

/** A two-way channel of whole messages, whatever carries it. */
export type Link = {
  /** Bytes the link wants free before each message, for a header of its own. */
  readonly room: number;
  /** Takes a message whose first `room` bytes are the link's to fill. */
  send(message: Buffer): void;
};

export type ServerSession = {
  /** One message of the client; throws a {@link ProtocolError} when it is none. */
  readonly receive: (message: Buffer) => void;
  publish(event: IpcEvent): void;
  readonly subscribed: boolean;
  /** Calls not answered yet. */
  readonly active: number;
  /** Tells the client to send no more; what it sent before is still answered. */
  bye(): void;
  /** The client has gone: aborts what it asked for. */
  lost(): void;
};

/** The server's end of a link: requests in, replies and events out. */
export function createServerSession(
  link: Link,
  {
    answer,
    replay,
    peer,
    onIdle = () => undefined,
  }: {
    readonly answer: Answer;
    readonly replay?: ((sequence: number) => readonly IpcEvent[]) | undefined;
    readonly peer: Peer;
    /** Called when the last unanswered call was answered. */
    readonly onIdle?: () => void;
  },
): ServerSession {
  const calls = new Map<number, Cancellation>();
  let subscribed = false;
  const send = (kind: number, id: number, body: unknown) => {
    link.send(encodeMessage(kind, id, body, link.room));
  };

  const request = (id: number, body: unknown) => {
    if (!Array.isArray(body) || typeof body[0] !== "string" || !Array.isArray(body[1]) || calls.has(id)) {
      throw new ProtocolError("A request is not [method, params] with an id of its own");
    }
    const params: unknown[] = body[1];
    const cancellation = new Cancellation();
    try {
      const outcome = answer(new IncomingCall(body[0], params, peer, cancellation));
      if (!(outcome instanceof Promise)) {
        send(kinds.result, id, outcome);
        return;
      }
      calls.set(id, cancellation);
      void settle(id, outcome);
    } catch (error) {
      send(kinds.error, id, describeFailure(error));
    }
  };

  const settle = async (id: number, outcome: Promise<unknown>) => {
    try {
      send(kinds.result, id, await outcome);
    } catch (error) {
      send(kinds.error, id, describeFailure(error));
    }
    calls.delete(id);
    if (calls.size === 0) onIdle();
  };

  return {
    receive(message) {
      const { kind, id, body } = decodeMessage(message);
      if (kind === kinds.request) request(id, body);
      else if (kind === kinds.cancel) calls.get(id)?.abort(new CancelledError("The caller gave up"));
      else if (kind === kinds.subscribe) {
        subscribed = true;
        const missed = typeof body === "number" ? (replay?.(body) ?? []) : [];
        send(kinds.result, id, null);
        for (const event of missed) send(kinds.event, 0, event);
      } else throw new ProtocolError(`There is no message of kind ${String(kind)}`);
    },
    publish(event) {
      if (subscribed) send(kinds.event, 0, event);
    },
    get subscribed() {
      return subscribed;
    },
    get active() {
      return calls.size;
    },
    bye() {
      send(kinds.bye, 0, null);
    },
    lost() {
      for (const cancellation of calls.values()) cancellation.abort(new DisconnectedError("The caller went away"));
    },
  };
}

export type ClientSession = Pick<Connection, "request" | "subscribe"> & {
  readonly receive: (message: Buffer) => void;
  /** Calls without a reply. */
  readonly pending: number;
  /** The server has gone: every call without a reply fails. */
  lost(cause?: unknown): void;
};

type Pending = { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void };

/** The client's end of a link. */
export function createClientSession(link: Link, { onDrained }: { readonly onDrained: () => void }): ClientSession {
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let leaving = false;
  let gone: Error | undefined;
  let onEvent: Subscription["onEvent"] = () => undefined;

  const settled = () => {
    if (leaving && pending.size === 0) onDrained();
  };

  const ask = (kind: number, body: unknown, cancellation?: Cancellation): Promise<unknown> => {
    if (gone !== undefined) return Promise.reject(gone);
    if (leaving) return Promise.reject(new DisconnectedError("The server is stopping; the call was not sent"));
    lastId = lastId === 0xff_ff_ff_ff ? 1 : lastId + 1;
    const id = lastId;
    return new Promise<unknown>((resolve, reject) => {
      pending.set(id, { resolve, reject });
      link.send(encodeMessage(kind, id, body, link.room));
      if (cancellation !== undefined)
        cancellation.onAbort = (reason) => {
          if (!pending.delete(id)) return;
          link.send(encodeMessage(kinds.cancel, id, null, link.room));
          reject(reason);
          settled();
        };
    });
  };

  return {
    request: (method, params, cancellation) => ask(kinds.request, [method, params], cancellation),
    async subscribe(subscription) {
      onEvent = subscription.onEvent;
      await ask(kinds.subscribe, subscription.after ?? null);
    },
    receive(message) {
      const { kind, id, body } = decodeMessage(message);
      if (kind === kinds.event) {
        if (!isRecord(body) || typeof body["topic"] !== "string") throw new ProtocolError("An event has no topic");
        const { topic, data, sequence } = body;
        onEvent({ topic, data, ...(typeof sequence === "number" ? { sequence } : {}) });
        return;
      }
      if (kind === kinds.bye) leaving = true;
      const waiting = pending.get(id);
      pending.delete(id);
      if (kind === kinds.result) waiting?.resolve(body);
      else if (kind === kinds.error) waiting?.reject(remoteFailure(body));
      settled();
    },
    get pending() {
      return pending.size;
    },
    lost(cause) {
      if (cause instanceof WrongKeyError) gone ??= cause;
      gone ??= new DisconnectedError("The server went away", cause === undefined ? {} : { cause });
      for (const { reject } of pending.values()) reject(gone);
      pending.clear();
    },
  };
}
