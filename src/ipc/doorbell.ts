import type { SharedMemory } from "./memory.ts";

/** How long a side that was just busy waits in its own thread for more, in microseconds: a wake-up then costs no event loop. */
const lingerMicroseconds = 200;
/** After this long without a turn of the event loop it gets one, in milliseconds. */
const busyMs = 5;
/** How often a quiet side looks whether the other still lives, in milliseconds. */
const quietMs = 250;

/**
 * Runs `work` whenever the other side rings word `index`: at once while messages flow, from one of libuv's threads after a pause.
 *
 * @param work does what there is to do; `true` when there was something.
 */
export function answerDoorbell(
  memory: SharedMemory,
  index: number,
  { work, quiet }: { readonly work: () => boolean; readonly quiet: () => void },
): { readonly pump: () => void; stop(): Promise<void> } {
  let stopped = false;
  let pumping = false;
  let done: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    done = resolve;
  });

  /** Works until nothing has come for a while; `true` when the event loop is due. */
  const drain = (): boolean => {
    const until = performance.now() + busyMs;
    for (;;) {
      const seen = Atomics.load(memory.words, index);
      if (work()) {
        if (performance.now() > until) return true;
      } else if (!memory.wait(index, seen, lingerMicroseconds)) return false;
    }
  };

  const pump = () => {
    if (pumping || stopped) return;
    pumping = true;
    const due = drain();
    pumping = false;
    if (due) setImmediate(pump);
  };

  const rest = async () => {
    for (;;) {
      const seen = Atomics.load(memory.words, index);
      if (work()) pump();
      else await memory.waitLater(index, seen, quietMs);
      if (stopped) break;
      quiet();
    }
    done();
  };
  void rest();

  return {
    pump,
    async stop() {
      stopped = true;
      Atomics.add(memory.words, index, 1);
      memory.wake(index);
      await ended;
    },
  };
}
