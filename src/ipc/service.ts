import { z } from "zod";

import type { IpcEvent } from "./contract.ts";
import { method, type Service } from "./dispatch.ts";

/** What the service tells the program that serves it. */
export type ServiceOptions = {
  readonly publish: (event: IpcEvent) => void;
  /** Called by "stop server", after which the reply is still delivered. */
  readonly stop: () => void;
};

const number = z.number();
const text = z.string();

/** Lines a client may set, and their characters; bounds what others can make the server hold. */
const maxLines = 1000;
const maxLineLength = 16_384;

/**
 * The tutorial's service, in one place for every transport: a text converter, arithmetic, channel messages,
 * lines whose changes are told, a state that is on or off, and "stop server".
 */
export function createService({ publish, stop }: ServiceOptions): Service {
  const lines: string[] = [];
  let state: "on" | "off" = "on";
  const switchTo = (next: "on" | "off") => {
    if (next !== state) publish({ topic: "state", data: next });
    state = next;
    return state;
  };
  return new Map([
    [
      "convert",
      method({
        summary: "The text in capital letters",
        names: ["text"],
        params: z.tuple([text]),
        run: ([text]) => text.toUpperCase(),
      }),
    ],
    [
      "add",
      method({
        summary: "The sum of two numbers",
        names: ["a", "b"],
        params: z.tuple([number, number]),
        run: ([a, b]) => a + b,
      }),
    ],
    [
      "multiply",
      method({
        summary: "The product of two numbers",
        names: ["a", "b"],
        params: z.tuple([number, number]),
        run: ([a, b]) => a * b,
      }),
    ],
    [
      "send",
      method({
        summary: "A message to all who watch the channel",
        names: ["channel", "message"],
        params: z.tuple([text.min(1).max(200), z.json()]),
        run: ([channel, message]) => {
          publish({ topic: channel, data: message });
          return true;
        },
      }),
    ],
    [
      "line",
      method({
        summary: "Sets a line; says whether it changed",
        names: ["index", "text"],
        params: z.tuple([
          z
            .int()
            .min(0)
            .max(maxLines - 1),
          text.max(maxLineLength),
        ]),
        run: ([index, text]) => {
          const changed = lines[index] !== text;
          while (lines.length < index) lines.push("");
          lines[index] = text;
          if (changed) publish({ topic: "line", data: { index, text } });
          return changed;
        },
      }),
    ],
    ["lines", method({ summary: "All lines", names: [], params: z.tuple([]), run: () => [...lines] })],
    ["state", method({ summary: "Whether the service is on", names: [], params: z.tuple([]), run: () => state })],
    [
      "switch",
      method({
        summary: "Turns the service on or off",
        names: ["state"],
        params: z.tuple([z.enum(["on", "off"])]),
        run: ([next]) => switchTo(next),
      }),
    ],
    [
      stopServer,
      method({
        summary: "Ends the server after this reply",
        names: [],
        params: z.tuple([]),
        run: () => {
          stop();
          return "stopped";
        },
      }),
    ],
  ]);
}

/** The method that ends a server, spelt as the tutorial's client sends it. */
export const stopServer = "stop server";
