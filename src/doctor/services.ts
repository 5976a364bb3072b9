import type { Check } from "./check.ts";

/** A program that some commands and tests talk to. */
export type Service = {
  readonly subject: string;
  /** Names and paths it may be called by, in order. */
  readonly commands: readonly string[];
  readonly neededFor: string;
  readonly install: string;
};

export const services: readonly Service[] = [
  {
    subject: "Redis",
    commands: ["redis-server"],
    neededFor: "the Redis transport of ipc",
    install: "apt-get install -y redis-server",
  },
  {
    subject: "Chromium",
    commands: ["/usr/bin/chromium", "chromium", "google-chrome"],
    neededFor: "the browser tests of the pages",
    install: "apt-get install -y chromium",
  },
  {
    subject: "anvil",
    commands: ["anvil"],
    neededFor: "the tests that need a second client",
    install: "npm run setup    brings it for Linux on x64; elsewhere: https://getfoundry.sh",
  },
];

/** @param versionOf what a command prints with --version; undefined where it cannot be run. */
export async function checkService(
  { subject, commands, neededFor, install }: Service,
  versionOf: (command: string) => Promise<string | undefined>,
): Promise<Check> {
  for (const command of commands) {
    const version = await versionOf(command);
    if (version !== undefined)
      return { subject, status: "ok", finding: /\d+(?:\.\d+)+/u.exec(version)?.[0] ?? command };
  }
  return { subject, status: "warning", finding: `is not installed; it is needed for ${neededFor}`, hint: install };
}
