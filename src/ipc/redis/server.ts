import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { messageOf } from "../../errors.ts";
import { CancelledError, defaultLimits, type Listener, type ListenOptions, ProtocolError } from "../contract.ts";
import { describeFailure } from "../messages.ts";
import { callStream, cancelChannel, closeAll, eventPrefix, nameOf, open, replyChannel } from "./link.ts";

const group = "servers";
const aliveKey = (consumer: string) => `metacoin:alive:${consumer}`;
/** A server that has not said so for this long is dead, in milliseconds; its calls are then another's. */
const aliveMs = 3000;
/** Between two tries to go on with a Redis that failed, in milliseconds. */
const pauseMs = 200;

type Call = {
  readonly entry: string;
  readonly id: string;
  readonly client: string;
  readonly method: string;
  readonly params: unknown[];
};

export async function listenRedis({ endpoint, limits: given, answer, onFault }: ListenOptions): Promise<Listener> {
  const { maxMessageBytes } = { ...defaultLimits, ...given };
  const consumer = randomUUID();
  const commands = await open(endpoint, { patient: true });
  const reading = await open(endpoint, { patient: true });
  const cancels = await open(endpoint, { patient: true });
  const running = new Map<string, { readonly done: Promise<void>; readonly controller: AbortController }>();
  /** Calls whose callers gave up, perhaps before they were read here. */
  const cancelled = new Set<string>();
  const state = { closing: false, failed: false };

  /** Told once an outage: Redis may have forgotten everything, and calls of ours may not have been answered. */
  const fail = (error: unknown) => {
    if (!state.failed && !state.closing)
      onFault?.(new ProtocolError(`Redis failed (${messageOf(error)}); waiting for it`, { cause: error }));
    state.failed = true;
  };

  const run = async (call: Call, signal: AbortSignal) => {
    let reply: Record<string, unknown>;
    try {
      reply = { result: (await answer({ method: call.method, params: call.params, peer: {}, signal })) ?? null };
    } catch (error) {
      reply = { error: describeFailure(error) };
    }
    try {
      // The reply first: a kill in between makes the call run again, never vanish.
      await commands.publish(replyChannel(call.client), JSON.stringify({ id: call.id, ...reply }));
      await forget(call.entry);
    } catch (error) {
      fail(error);
    }
    running.delete(call.id);
  };
  const forget = async (entry: string) => {
    await commands.multi().xAck(callStream, group, entry).xDel(callStream, entry).exec();
  };
  const take = async (entries: unknown) => {
    for (const [entry, fields] of entriesOf(entries)) {
      const call = callOf(entry, fields, maxMessageBytes);
      if (call === undefined) {
        onFault?.(new ProtocolError(`The entry ${entry} of ${callStream} is no call`));
        await forget(entry);
      } else if (cancelled.delete(call.id)) await forget(entry);
      else if (!running.has(call.id)) {
        const controller = new AbortController();
        running.set(call.id, { controller, done: run(call, controller.signal) });
      }
    }
  };

  const beat = () => commands.set(aliveKey(consumer), "1", { expiration: { type: "PX", value: aliveMs } });
  /** Takes over what dead servers left unanswered. */
  const inherit = async () => {
    for (const { name } of await commands.xInfoConsumers(callStream, group)) {
      if (name === consumer || (await commands.exists(aliveKey(name))) === 1) continue;
      const left = await commands.xPendingRange(callStream, group, "-", "+", 1000, { consumer: name });
      const ids = left.map(({ id }) => id);
      if (ids.length > 0) {
        await take(await commands.sendCommand(["XCLAIM", callStream, group, consumer, "0", ...ids]));
      }
      // A consumer with pending calls must stay known; more than 1,000 take another round.
      if (ids.length < 1000) await commands.xGroupDelConsumer(callStream, group, name);
    }
  };

  const ensureGroup = () =>
    commands.xGroupCreate(callStream, group, "0", { MKSTREAM: true }).catch((error: unknown) => {
      if (!messageOf(error).startsWith("BUSYGROUP")) throw error;
    });
  /** @param from `>` for new calls, `0` for those given to this server before. */
  const read = async (from: ">" | "0") => {
    const most = from === ">" ? "32" : "1000";
    const command = `XREADGROUP GROUP ${group} ${consumer} COUNT ${most} BLOCK 200 STREAMS ${callStream} ${from}`;
    const reply = await reading.sendCommand(command.split(" "));
    await take(Array.isArray(reply) && Array.isArray(reply[0]) ? reply[0][1] : []);
  };
  const recover = async () => {
    await ensureGroup();
    await beat();
    await read("0");
    state.failed = false;
  };

  await ensureGroup();
  await beat();
  await cancels.subscribe(cancelChannel, (id) => {
    const call = running.get(id);
    call?.controller.abort(new CancelledError("The caller gave up"));
    if (call === undefined) cancelled.add(id);
    // Most were taken back before anybody read them; the oldest are dropped.
    if (cancelled.size > 1000) cancelled.delete([...cancelled][0] ?? "");
  });
  await inherit();
  const timer = setInterval(() => {
    // What is asked while Redis is away would only wait for it, and more every second.
    if (commands.isReady && !state.failed) void beat().then(inherit).catch(fail);
  }, aliveMs / 3);

  const loop = (async () => {
    for (;;) {
      if (state.closing) return;
      try {
        if (state.failed) await recover();
        await read(">");
      } catch (error) {
        fail(error);
        await delay(pauseMs);
      }
    }
  })();

  return {
    address: nameOf(endpoint),
    async publish({ topic, data }) {
      await commands.publish(`${eventPrefix}${topic}`, typeof data === "string" ? data : JSON.stringify(data));
    },
    async close() {
      state.closing = true;
      clearInterval(timer);
      const all = [commands, reading, cancels];
      // Nobody can be answered where Redis is away, and what waits for it would wait for ever.
      if (all.some(({ isReady }) => !isReady)) await closeAll(all);
      await loop;
      await Promise.all([...running.values()].map(({ done }) => done));
      if (!commands.isReady) return;
      await commands.del(aliveKey(consumer));
      await closeAll(all);
    },
  };
}

/** `[[id, [field, value, …]], …]`, as Redis lists a stream's entries. */
function entriesOf(reply: unknown): readonly (readonly [string, readonly unknown[]])[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((entry: unknown) =>
    Array.isArray(entry) && typeof entry[0] === "string" && Array.isArray(entry[1])
      ? [[entry[0], entry[1]] as const]
      : [],
  );
}

function callOf(entry: string, fields: readonly unknown[], maxBytes: number): Call | undefined {
  const given = new Map(
    Array.from({ length: fields.length / 2 }, (_, index) => [fields[index * 2], fields[index * 2 + 1]]),
  );
  const id = given.get("id");
  const client = given.get("client");
  const method = given.get("method");
  const params = given.get("params");
  if (typeof id !== "string" || typeof client !== "string" || typeof method !== "string" || typeof params !== "string")
    return undefined;
  if (params.length > maxBytes) return undefined;
  try {
    const list: unknown = JSON.parse(params);
    return Array.isArray(list) ? { entry, id, client, method, params: list } : undefined;
  } catch {
    return undefined;
  }
}
