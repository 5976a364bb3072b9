import { IpcError, ProtocolError, RemoteError } from "./contract.ts";
import { MetacoinError, messageOf } from "../errors.ts";

/** The kinds of messages two of our own programs exchange: one byte, a 32-bit id, then JSON. */
export const kinds = {
  /** `[method, params]` */
  request: 1,
  /** The result. */
  result: 2,
  /** `{ code, message }` */
  error: 3,
  /** Nothing: the caller of `id` gave up. */
  cancel: 4,
  /** `{ topic, data, sequence? }` */
  event: 5,
  /** The sequence number after which to replay; answered by a result. */
  subscribe: 6,
  /** Nothing: no new calls, please; replies still come. */
  bye: 7,
} as const;

const messageHeaderBytes = 5;

export type Message = { readonly kind: number; readonly id: number; readonly body: unknown };

/** The bytes of a message, with `room` unwritten bytes before it for a transport's own header. */
export function encodeMessage(kind: number, id: number, body: unknown, room = 0): Buffer {
  const json = JSON.stringify(body) ?? "null";
  // Three bytes a UTF-16 unit is the most that UTF-8 takes.
  const bytes = Buffer.allocUnsafe(
    room + messageHeaderBytes + (json.length < 512 ? json.length * 3 : Buffer.byteLength(json)),
  );
  bytes[room] = kind;
  bytes.writeUInt32BE(id, room + 1);
  const written = bytes.write(json, room + messageHeaderBytes, "utf8");
  return bytes.subarray(0, room + messageHeaderBytes + written);
}

/** @throws {ProtocolError} when the bytes are no message. */
export function decodeMessage(bytes: Buffer): Message {
  if (bytes.length < messageHeaderBytes) throw new ProtocolError("A message is shorter than its header");
  try {
    const body: unknown =
      bytes.length === messageHeaderBytes ? undefined : JSON.parse(bytes.toString("utf8", messageHeaderBytes));
    return { kind: bytes[0] ?? 0, id: bytes.readUInt32BE(1), body };
  } catch (error) {
    throw new ProtocolError("A message is not JSON", { cause: error });
  }
}

/** What a failure looks like on the wire; causes and stacks stay here. */
export function describeFailure(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof MetacoinError) return { code: error.code, message: error.message };
  return { code: "INTERNAL", message: error instanceof IpcError ? error.message : messageOf(error) };
}

export function remoteFailure(body: unknown): RemoteError {
  const { code, message } = isRecord(body) ? body : {};
  return new RemoteError(
    typeof message === "string" ? message : "The server refused",
    typeof code === "string" ? code : "INTERNAL",
  );
}

/** A text as JSON where it is JSON (8, true, [1]), else as it stands: a word of a command line, what a foreign program published. */
export function parseOrText(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
