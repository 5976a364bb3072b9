/** One thing that was looked at, and what helps where it is not well. */
export type Check = {
  readonly subject: string;
  /** A warning is worth a look; what is broken will make a command fail. */
  readonly status: "ok" | "warning" | "broken";
  readonly finding: string;
  /** The command, or the edit, that mends it. */
  readonly hint?: string | undefined;
};

/** Whether a command would fail. */
export function isBroken(checks: readonly Check[]): boolean {
  return checks.some(({ status }) => status === "broken");
}
