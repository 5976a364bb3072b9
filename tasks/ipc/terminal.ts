import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

import { MetacoinError } from "../../src/errors.ts";
import { native } from "../../src/ipc/libc.ts";

/** The person at the terminal that a command was started on: asked on stderr, one question at a time. */
export type Terminal = {
  /** Shows `text` and wants a "y"; anything else is no, and so is `signal`, and two minutes without an answer. */
  confirm(text: string, signal?: AbortSignal): Promise<boolean>;
  /** Reads a line that is not shown. */
  secret(what: string): Promise<string>;
};

/** A question that nobody answers is a no. */
const patienceMs = 120_000;

/** Questions that may wait for their turn: a program that asks in a loop is refused, not queued. */
const mostWaiting = 16;

/** TCIFLUSH, of <termios.h> on Linux. */
const inputQueue = 0;

/** The terminal of this process; `undefined` where its input or its stderr is none. */
export function openTerminal(): Terminal | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const inTurn = async <Result>(question: () => Promise<Result>): Promise<Result> => {
    if (waiting >= mostWaiting) throw new TooManyQuestionsError("Too many questions wait at the signer's terminal");
    waiting++;
    const mine = last.then(question, question);
    last = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      waiting--;
    }
  };

  return {
    confirm: (text, signal) =>
      inTurn(async () => {
        if (signal?.aborted === true) return false;
        dropTypedAhead();
        process.stderr.write(`\u0007\n${text}\n`);
        const patience = AbortSignal.timeout(patienceMs);
        const answer = await ask("[y/N] ", signal === undefined ? patience : AbortSignal.any([signal, patience]));
        if (answer === undefined) process.stderr.write("\nno longer asked\n");
        return /^y(?:es)?$/iu.test(answer ?? "");
      }),
    secret: (what) => inTurn(() => askSilently(what)),
  };
}

/** What was typed before the question was shown is no answer to it. */
function dropTypedAhead(): void {
  if (process.platform === "linux") native("int tcflush(int, int)")(0, inputQueue);
}

async function ask(prompt: string, signal: AbortSignal): Promise<string | undefined> {
  const reader = createInterface({ input: process.stdin, output: process.stderr, historySize: 0 });
  const closed = new Promise<undefined>((resolve) => reader.once("close", () => resolve(undefined)));
  reader.on("SIGINT", interrupt);
  try {
    return await Promise.race([reader.question(prompt, { signal }).catch(() => undefined), closed]);
  } finally {
    reader.close();
  }
}

async function askSilently(what: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true, historySize: 0 });
  const closed = new Promise<string>((resolve) => reader.once("close", () => resolve("")));
  reader.on("SIGINT", interrupt);
  process.stderr.write(`${what} (it is not shown): `);
  try {
    return await Promise.race([reader.question(""), closed]);
  } finally {
    reader.close();
    process.stderr.write("\n");
  }
}

/** readline takes Ctrl-C for itself while it reads. */
function interrupt(): void {
  process.kill(process.pid, "SIGINT");
}

class TooManyQuestionsError extends MetacoinError {
  override readonly code = "SIGNER_BUSY";
}
