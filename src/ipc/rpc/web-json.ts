import { InvalidParamsError, ProtocolError } from "../contract.ts";
import { remoteOf } from "./json.ts";
import { answer, JsonRpcError, readIncoming } from "./jsonrpc.ts";
import type { WebProtocol } from "./web.ts";

/** JSON-RPC 2.0 over HTTP: a POST a request or batch. */
export const jsonRpcOverHttp: WebProtocol = {
  accepts: ["application/json"],
  async reply({ verb, body }, call) {
    if (verb !== "POST") return { status: 405, type: "text/plain", body: "POST a JSON-RPC 2.0 request\n" };
    const text = await answer(body, (method, params = []) => {
      if (!Array.isArray(params)) throw new InvalidParamsError("Parameters are passed by position, as an array");
      return call(method, params);
    });
    return text === undefined
      ? { status: 204, type: "", body: "" }
      : { status: 200, type: "application/json", body: `${text}\n` };
  },
  encode: (method, params) => ({ path: "/", body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) }),
  decode({ status, body }) {
    const incoming = readIncoming(parse(body, status));
    if (incoming === undefined || "method" in incoming) throw new ProtocolError(`HTTP ${String(status)}: no reply`);
    if (!("error" in incoming)) return incoming.result;
    const { code, message, data } = incoming.error;
    throw remoteOf(new JsonRpcError(code, message, data));
  },
};

/** @throws {ProtocolError} where it is no JSON. */
export function parse(body: string, status: number): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new ProtocolError(`HTTP ${String(status)}, and the body is no JSON: ${body.slice(0, 80)}`, { cause: error });
  }
}
