import type { SharedMemory } from "./memory.ts";
import { turn } from "./turn.ts";

/**
 * How long a side waits in its own thread, in microseconds, while messages follow each other closely: a wake-up then costs no event loop.
 * It is longer than the kernel's tick on purpose: a shorter timeout programs the processor's timer for every wait,
 * which took 20 µs of a round trip in a virtual machine where this one takes 6.
 */
const lingerMicroseconds = 10_000;
/** Messages further apart than this are no conversation, in milliseconds; nobody waits for the next in his own thread. */
const closeMs = 2;
/** After this long without a turn of the event loop it gets one, in milliseconds. */
const busyMs = 5;
/** How often a quiet side looks whether the other still lives, in milliseconds. */
const quietMs = 250;

export type Doorbell = {
  /** The word the other side rings. */
  readonly index: number;
  /** Does what there is to do; `true` when there was something. */
  readonly work: () => boolean;
  /** Called now and then while nothing comes. */
  readonly quiet: () => void;
};

/**
 * The server's end: works whenever it is rung. While messages flow it waits in its own thread for the next one,
 * after a pause on one of libuv's, so that the event loop goes on.
 */
export function serveDoorbell(memory: SharedMemory, { index, work, quiet }: Doorbell): { stop(): Promise<void> } {
  const state = { stopped: false, lastMs: 0 };
  /** Goes on while messages come closely; a wait in vain ends it, at most once a conversation. */
  const converse = () => {
    const started = performance.now();
    const close = started - state.lastMs < closeMs;
    state.lastMs = started;
    if (!close) return;
    for (;;) {
      const seen = Atomics.load(memory.words, index);
      if (!work() && !memory.wait(index, seen, lingerMicroseconds)) return;
      state.lastMs = performance.now();
      if (state.lastMs - started > busyMs) return;
    }
  };
  const ended = (async () => {
    while (!state.stopped) {
      const seen = Atomics.load(memory.words, index);
      if (work()) {
        converse();
        await turn();
      } else {
        await memory.waitLater(index, seen, quietMs);
        if (!state.stopped) quiet();
      }
    }
  })();
  return {
    async stop() {
      state.stopped = true;
      ringOwn(memory, index);
      await ended;
    },
  };
}

/**
 * The client's end: after a call was sent, `pump` waits for its reply in this thread, a moment at most;
 * what comes later, and events, are heard from one of libuv's threads.
 *
 * @param waits whether replies are still to come.
 */
export function awaitDoorbell(
  memory: SharedMemory,
  { index, work, quiet, waits }: Doorbell & { readonly waits: () => boolean },
): { readonly pump: () => void; stop(): Promise<void> } {
  const state = { stopped: false, close: true, sentMs: 0, lastMs: 0, lastTurnMs: performance.now(), scheduled: false };

  const pump = () => {
    if (state.scheduled || state.stopped) return;
    state.scheduled = true;
    state.sentMs = performance.now();
    // After the caller's own step: calls made together leave together. Now and then the event loop gets its turn.
    if (performance.now() - state.lastTurnMs < busyMs) queueMicrotask(step);
    else setImmediate(step, true);
  };
  const step = (turned?: boolean) => {
    state.scheduled = false;
    if (state.stopped) return;
    const seen = Atomics.load(memory.words, index);
    let worked = work();
    if (!worked && state.close && waits()) {
      worked = memory.wait(index, seen, lingerMicroseconds) && work();
      // A server that takes its time is not waited for in this thread again until a reply came closely.
      state.close = performance.now() - state.sentMs < closeMs;
    }
    state.lastMs = performance.now();
    if (turned === true) state.lastTurnMs = state.lastMs;
    // The replies' own callers go first.
    if (worked && waits()) pump();
  };

  const ended = (async () => {
    while (!state.stopped) {
      const seen = Atomics.load(memory.words, index);
      if (work()) {
        state.close ||= performance.now() - state.sentMs < closeMs;
        await turn();
      }
      // While calls flow, a second thread that waits for the same bell would only be woken in vain.
      else if (state.close && performance.now() - state.lastMs < closeMs) await pause();
      else {
        await memory.waitLater(index, seen, quietMs);
        if (!state.stopped) quiet();
      }
      state.lastTurnMs = performance.now();
    }
  })();
  return {
    pump,
    async stop() {
      state.stopped = true;
      ringOwn(memory, index);
      await ended;
    },
  };
}

function ringOwn(memory: SharedMemory, index: number): void {
  Atomics.add(memory.words, index, 1);
  memory.wake(index);
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}
