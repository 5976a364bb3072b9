/** What a failure is built from, beside its message. */
export type ErrorFacts = {
  /** The command, or the edit, that mends it. */
  readonly hint?: string;
  readonly cause?: unknown;
};

/**
 * The base of every failure this project can name: what happened in `message`,
 * the command that helps in `hint`, a stable `code` for programs.
 *
 * A subclass per failure that a caller can tell apart stands at the bottom of the file that throws it.
 */
export class MetacoinError extends Error {
  readonly code: string = "FAILED";
  /** What a process ends with: 1 refused or failed, 2 bad usage. */
  readonly exitCode: 1 | 2 = 1;
  readonly hint: string | undefined;

  constructor(message: string, { hint, cause }: ErrorFacts = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.hint = hint;
  }
}

/** The command was typed in a way that cannot be meant: exit code 2. */
export class UsageError extends MetacoinError {
  override readonly code = "USAGE";
  override readonly exitCode = 2;
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
