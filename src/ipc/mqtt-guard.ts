import type { Socket } from "node:net";
import { Duplex } from "node:stream";

import { ProtocolError } from "./contract.ts";

/**
 * Passes an MQTT byte stream on, and fails on a packet above `capBytes` before its body is read:
 * the broker's own parser would gather up to 256 MiB a connection.
 *
 * MQTT 3.1.1, section 2.2: a type byte, then the remaining length in one to four groups of seven bits.
 */
export function guardMqtt(socket: Socket, capBytes: number): Duplex {
  let skip = 0;
  let shift = -1;
  let length = 0;
  const check = (chunk: Buffer): void => {
    for (let at = 0; at < chunk.length;) {
      if (skip > 0) {
        const count = Math.min(skip, chunk.length - at);
        skip -= count;
        at += count;
      } else if (shift < 0) {
        shift = 0;
        length = 0;
        at += 1;
      } else {
        const byte = chunk[at] ?? 0;
        at += 1;
        length += (byte & 0x7f) * 2 ** shift;
        shift += 7;
        if (length > capBytes || (shift > 21 && byte > 0x7f)) {
          throw new ProtocolError(`A packet of ${String(length)} bytes was announced; ${String(capBytes)} are allowed`);
        }
        if (byte <= 0x7f) {
          skip = length;
          shift = -1;
        }
      }
    }
  };
  const stream = new Duplex({
    read: () => socket.resume(),
    write(chunk: Buffer, _, done) {
      if (socket.writable) socket.write(chunk, done);
      else done();
    },
    final(done) {
      socket.end();
      done();
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket
    .on("data", (chunk: Buffer) => {
      try {
        check(chunk);
        if (!stream.push(chunk)) socket.pause();
      } catch (error) {
        stream.destroy(error instanceof Error ? error : new ProtocolError(String(error)));
      }
    })
    .on("end", () => stream.push(null))
    .on("error", () => undefined)
    .on("close", () => stream.destroy());
  return stream;
}
