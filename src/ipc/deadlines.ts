/** The longest a timer of Node may run, in milliseconds. */
const longestMs = 2 ** 31 - 1;

type Waiting = { readonly atMs: number; readonly late: () => void };

/** Many deadlines behind one timer: for a call that is answered in microseconds a timer of its own is a twentieth of its time. */
export type Deadlines = {
  /** Calls `late` in `ms` milliseconds, unless the function that is returned was called before. */
  readonly add: (ms: number, late: () => void) => () => void;
};

export function createDeadlines(): Deadlines {
  const waiting = new Set<Waiting>();
  let timer: NodeJS.Timeout | undefined;
  let timerAtMs = Infinity;

  const wakeAt = (atMs: number, nowMs: number) => {
    clearTimeout(timer);
    timerAtMs = atMs;
    timer = atMs === Infinity ? undefined : setTimeout(wake, Math.min(longestMs, Math.max(0, atMs - nowMs)));
  };
  const wake = () => {
    const nowMs = performance.now();
    let nextMs = Infinity;
    for (const each of waiting) {
      if (each.atMs > nowMs) nextMs = Math.min(nextMs, each.atMs);
      else {
        waiting.delete(each);
        each.late();
      }
    }
    wakeAt(nextMs, nowMs);
  };

  return {
    add(ms, late) {
      const nowMs = performance.now();
      const one = { atMs: nowMs + ms, late };
      if (waiting.size === 0) timer?.ref();
      waiting.add(one);
      if (one.atMs < timerAtMs) wakeAt(one.atMs, nowMs);
      return () => {
        // The timer stays for the next call, but nothing waits for it.
        if (waiting.delete(one) && waiting.size === 0) timer?.unref();
      };
    },
  };
}
