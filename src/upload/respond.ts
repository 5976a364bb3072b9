import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";

import { MetacoinError } from "../errors.ts";
import { UploadError } from "./failures.ts";

/**
 * Serves a request, or says false and leaves it alone.
 *
 * The guard is one too: true means that it refused, and has answered.
 */
export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<boolean>;

/** One JSON document, never cached, never sniffed. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, JSON.stringify(body), "application/json; charset=utf-8");
}

export function send(response: ServerResponse, status: number, body: string, type: string): void {
  response.writeHead(status, STATUS_CODES[status] ?? "Refused", {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

/** Answers a failure as `{error: {code, message, hint}}`. */
export function sendError(response: ServerResponse, error: unknown): void {
  sendJson(response, statusOf(error), { error: describeFailure(error) });
}

/** 500 for what was not foreseen. */
export function statusOf(error: unknown): number {
  return error instanceof UploadError ? error.status : 500;
}

/** Facts for a client; what was not foreseen may hold paths, so it only goes to the log. */
function describeFailure(error: unknown): { code: string; message: string; hint?: string } {
  if (!(error instanceof MetacoinError)) return { code: "INTERNAL", message: "The server failed; its log says why." };
  const { code, message, hint } = error;
  return hint === undefined ? { code, message } : { code, message, hint };
}
