import { randomUUID } from "node:crypto";

import { type Connection, type ConnectOptions, DisconnectedError } from "../contract.ts";
import { isRecord, parseOrText, remoteFailure } from "../messages.ts";
import { callStream, cancelChannel, closeAll, eventPrefix, open, replyChannel } from "./link.ts";

type Pending = { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void };

export async function connectRedis({ endpoint }: ConnectOptions): Promise<Connection> {
  const client = randomUUID();
  const commands = await open(endpoint);
  const listening = await open(endpoint);
  const pending = new Map<string, Pending>();
  const takingBack = new Set<Promise<void>>();
  const closed = Promise.withResolvers<void>();
  const lose = (cause?: unknown) => {
    for (const { reject } of pending.values()) reject(new DisconnectedError("Redis went away", { cause }));
    pending.clear();
    closed.resolve();
  };
  commands.on("end", lose);
  listening.on("end", lose);
  await listening.subscribe(replyChannel(client), (text) => {
    const reply = parseOrText(text);
    if (!isRecord(reply) || typeof reply["id"] !== "string") return;
    const waiting = pending.get(reply["id"]);
    pending.delete(reply["id"]);
    if ("error" in reply) waiting?.reject(remoteFailure(reply["error"]));
    else waiting?.resolve(reply["result"]);
  });

  /** Taken back when nobody has begun; told to stop otherwise. */
  const takeBack = (id: string, entry: Promise<string>) => {
    const done = entry
      .then(async (name) => {
        await commands.multi().xDel(callStream, name).publish(cancelChannel, id).exec();
      })
      .catch(() => undefined)
      .finally(() => takingBack.delete(done));
    takingBack.add(done);
  };

  return {
    request(method, params, cancellation) {
      if (!commands.isOpen) return Promise.reject(new DisconnectedError("The connection is closed"));
      const id = randomUUID();
      return new Promise<unknown>((resolve, reject) => {
        const entry = commands.xAdd(callStream, "*", { id, client, method, params: JSON.stringify(params) });
        pending.set(id, { resolve, reject });
        cancellation.onAbort = (reason) => {
          if (!pending.delete(id)) return;
          reject(reason);
          takeBack(id, entry);
        };
        entry.catch((error: unknown) => {
          pending.delete(id);
          reject(new DisconnectedError("Redis did not take the call", { cause: error }));
        });
      });
    },
    async subscribe({ onEvent }) {
      await listening.pSubscribe(`${eventPrefix}*`, (text, channel) => {
        onEvent({ topic: channel.slice(eventPrefix.length), data: parseOrText(text) });
      });
    },
    closed: closed.promise,
    async close() {
      if (commands.isReady) await Promise.all(takingBack);
      if (commands.isOpen) await closeAll([commands, listening]);
      lose();
    },
  };
}
