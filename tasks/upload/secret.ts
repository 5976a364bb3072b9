import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

import { UsageError } from "../../src/errors.ts";
import { InterruptedError } from "../action.ts";

type Terminal = {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
};

/**
 * The password of a store: UPLOAD_PASSWORD, otherwise typed at the terminal without an echo.
 *
 * @throws {UsageError} where there is neither.
 */
export async function readPassword(
  question: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<string> {
  const given = process.env["UPLOAD_PASSWORD"];
  if (given !== undefined && given !== "") return given;
  if (input.isTTY !== true)
    throw new UsageError("This needs a password, and there is no terminal to ask at", {
      hint: "UPLOAD_PASSWORD=… or UPLOAD_TOKEN=…    in the environment or .env",
    });
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input, output: silent, terminal: true });
  output.write(`${question}: `);
  try {
    return await reader.question("");
  } catch (cause) {
    throw new InterruptedError("No password was typed", { cause });
  } finally {
    reader.close();
    output.write("\n");
  }
}

/** A token that `upload passwd --token-file` wrote, for programs. */
export function readToken(): string | undefined {
  const token = process.env["UPLOAD_TOKEN"];
  return token === "" ? undefined : token;
}
