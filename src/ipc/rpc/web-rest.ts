import { InvalidParamsError, ProtocolError, UnknownMethodError } from "../contract.ts";
import { describeFailure, isRecord, remoteFailure } from "../messages.ts";
import type { HttpReply } from "./http.ts";
import { parse } from "./web-json.ts";
import type { WebProtocol } from "./web.ts";

const prefix = "/methods/";

/** The HTTP status that says as much of a failure as a status can. */
const statuses: Readonly<Record<string, number>> = {
  UNKNOWN_METHOD: 404,
  INVALID_PARAMS: 400,
  OVERLOADED: 503,
  DEADLINE: 504,
};

/** REST: `POST /methods/NAME` with the arguments as a JSON array; `{ "result": … }`, or a status and `{ "error": … }`. */
export const rest: WebProtocol = {
  accepts: ["application/json"],
  async reply({ verb, path, body }, call) {
    try {
      if (!path.startsWith(prefix)) throw new UnknownMethodError(`There is ${prefix}NAME, and not ${path}`);
      if (verb !== "POST") return json(405, { error: { code: "UNKNOWN_METHOD", message: `${prefix}NAME takes POST` } });
      const result = await call(decodeName(path.slice(prefix.length)), readArguments(body));
      return json(200, { result: result ?? null });
    } catch (error) {
      const failure = describeFailure(error);
      return json(statuses[failure.code] ?? 500, { error: failure });
    }
  },
  encode: (method, params) => ({ path: `${prefix}${encodeURIComponent(method)}`, body: JSON.stringify(params) }),
  decode({ status, body }) {
    const reply = parse(body, status);
    if (isRecord(reply) && "error" in reply) throw remoteFailure(reply["error"]);
    if (isRecord(reply) && "result" in reply) return reply["result"];
    throw new ProtocolError(`HTTP ${String(status)}: neither result nor error`);
  },
};

function readArguments(body: string): readonly unknown[] {
  if (body === "") return [];
  let params: unknown;
  try {
    params = JSON.parse(body);
  } catch (error) {
    throw new InvalidParamsError("The body is no JSON", { cause: error });
  }
  if (!Array.isArray(params)) throw new InvalidParamsError("The body must be a JSON array of arguments");
  return params;
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new UnknownMethodError(`${text} is no name`, { cause: error });
  }
}

function json(status: number, document: unknown): HttpReply {
  return { status, type: "application/json", body: `${JSON.stringify(document)}\n` };
}
