/** What a server has done since it started. */
export type Counters = {
  received: number;
  succeeded: number;
  failed: number;
  /** Refused before anything was started: unknown, invalid or one too many. */
  refused: number;
  cancelled: number;
  /** Carried out right now. */
  active: number;
  /** Waiting for a place. */
  waiting: number;
};

export function createCounters(): Counters {
  return { received: 0, succeeded: 0, failed: 0, refused: 0, cancelled: 0, active: 0, waiting: 0 };
}
