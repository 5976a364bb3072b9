import { tmpdir } from "node:os";
import { join } from "node:path";

import { endpointFolder } from "../../src/ipc/endpoint.ts";

/** Where the signer listens: `--path`, otherwise signer.sock in this user's folder for endpoints. */
export function signerPath(path: string): string {
  return path === "" ? join(folder(), "signer.sock") : path;
}

/** Where it writes what it signed and refused: `--audit`, otherwise beside the socket's default. */
export function auditPath(path: string): string {
  return path === "" ? join(folder(), "signer-audit.jsonl") : path;
}

function folder(): string {
  return endpointFolder({ runtimeDir: process.env["XDG_RUNTIME_DIR"], tmpDir: tmpdir() });
}
