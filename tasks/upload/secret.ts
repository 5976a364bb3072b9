import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

import { UsageError } from "../../src/errors.ts";

/** The password of a store: UPLOAD_PASSWORD, otherwise typed at the terminal without an echo. */
export async function readPassword(question: string): Promise<string> {
  const given = process.env["UPLOAD_PASSWORD"];
  if (given !== undefined && given !== "") return given;
  if (!process.stdin.isTTY)
    throw new UsageError("This needs a password, and there is no terminal to ask at", {
      hint: "UPLOAD_PASSWORD=… or UPLOAD_TOKEN=…    in the environment or .env",
    });
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stderr.write(`${question}: `);
  try {
    return await reader.question("");
  } finally {
    reader.close();
    process.stderr.write("\n");
  }
}

/** A token that `upload passwd --token-file` wrote, for programs. */
export function readToken(): string | undefined {
  const token = process.env["UPLOAD_TOKEN"];
  return token === "" ? undefined : token;
}
