/** Lets the newest request for an upload end the one before, which may hang on a dead connection. */
export type Turns = {
  /** Ends the others, waits until they have kept their bytes, and begins. */
  readonly begin: (id: string) => Promise<{ readonly stop: AbortSignal; readonly end: () => void }>;
  /** Only ends the others. */
  readonly interrupt: (id: string) => Promise<void>;
};

export function createTurns(): Turns {
  const current = new Map<string, { controller: AbortController; done: Promise<void> }>();
  const interrupt = async (id: string) => {
    const before = current.get(id);
    before?.controller.abort();
    await before?.done;
  };
  return {
    interrupt,
    begin: async (id) => {
      const before = interrupt(id);
      const controller = new AbortController();
      const { promise: done, resolve } = Promise.withResolvers<void>();
      const mine = { controller, done };
      current.set(id, mine);
      await before;
      return {
        stop: controller.signal,
        end: () => {
          if (current.get(id) === mine) current.delete(id);
          resolve();
        },
      };
    },
  };
}
