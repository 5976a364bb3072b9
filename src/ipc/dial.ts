import { connect, type NetConnectOpts, type Socket } from "node:net";

/** What the system is asked for at once; as much as Node asks for. */
const readBytes = 64 * 1024;

export type Dialled = { readonly socket: Socket; onBytes: (bytes: Buffer) => void };

/**
 * Connects a socket that reads into one buffer, again and again: a new one for each read is a sixth of a fast round trip.
 * `onBytes` is set by the caller before it awaits anything; the bytes it is given are only valid during its call.
 */
export function dial(endpoint: NetConnectOpts): Dialled {
  const buffer = Buffer.allocUnsafeSlow(readBytes);
  const onread = {
    buffer,
    callback(count: number) {
      dialled.onBytes(buffer.subarray(0, count));
      return true;
    },
  };
  const dialled: Dialled = { socket: connect({ ...endpoint, onread }), onBytes: () => undefined };
  return dialled;
}
