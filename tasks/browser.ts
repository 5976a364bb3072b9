import { spawn } from "node:child_process";

/** Opens a file in the default browser. Where there is none, the path on stdout is all there is. */
export function openInBrowser(file: string): void {
  const commands: Readonly<Record<string, readonly [string, ...string[]]>> = {
    darwin: ["open", file],
    win32: ["cmd", "/c", "start", "", file],
  };
  const [command, ...args] = commands[process.platform] ?? ["xdg-open", file];
  spawn(command, args, { stdio: "ignore", detached: true })
    .on("error", () => undefined)
    .unref();
}
