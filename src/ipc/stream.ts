import type { Socket } from "node:net";

import { type Limits, ProtocolError, WrongKeyError } from "./contract.ts";
import { createCoalescedWriter, createFrameReader, frame, headerBytes } from "./frames.ts";
import { type Handshake, handshakeBytes } from "./handshake.ts";
import type { Link } from "./session.ts";

export type StreamOptions = {
  readonly handshake?: Handshake | undefined;
  readonly limits: Limits;
  /** The handshake is over: what takes the messages from here on. */
  readonly onOpen: (link: Link) => (message: Buffer) => void;
  /** The other side broke the protocol; the socket is destroyed already. */
  readonly onFault: (fault: Error) => void;
};

/** What a socket's bytes are given to. */
export type Wire = {
  /** Takes what came; the bytes need only be valid during the call. */
  readonly push: (bytes: Buffer) => void;
  readonly flush: () => void;
};

/**
 * Carries messages over a socket: handshake first, then frames. A peer that does not read is not read from either,
 * and one that never finishes the handshake is dropped after `handshakeMs`.
 */
export function carryFrames(socket: Socket, { handshake, limits, onOpen, onFault }: StreamOptions): Wire {
  const writer = createCoalescedWriter(socket);
  const link: Link = {
    room: headerBytes,
    send(message) {
      message.writeUInt32BE(message.length - headerBytes, 0);
      writer.send(message);
      if (socket.writableNeedDrain) socket.pause();
    },
  };
  let receive: ((message: Buffer) => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const fail = (fault: unknown) => {
    clearTimeout(timer);
    const farewell = fault instanceof WrongKeyError ? handshake?.farewell : undefined;
    writer.flush();
    if (farewell !== undefined) socket.end(frame(farewell));
    socket.destroySoon();
    onFault(fault instanceof Error ? fault : new ProtocolError(String(fault)));
  };
  const shake = (current: Handshake, message: Buffer) => {
    const { reply, done } = current.receive(message);
    if (reply !== undefined) writer.send(frame(reply));
    if (!done) return;
    clearTimeout(timer);
    receive = onOpen(link);
  };
  const reader = createFrameReader({
    cap: () => (receive === undefined ? handshakeBytes : limits.maxMessageBytes),
    onFrame(message) {
      if (receive !== undefined) receive(message);
      else if (handshake !== undefined) shake(handshake, message);
    },
  });

  if (handshake === undefined) receive = onOpen(link);
  else {
    timer = setTimeout(() => {
      fail(new ProtocolError(`No proof of the key within ${String(limits.handshakeMs)} ms`));
    }, limits.handshakeMs);
    if (handshake.opening !== undefined) writer.send(frame(handshake.opening));
  }
  let failed = false;
  socket
    .on("drain", () => {
      socket.resume();
    })
    .on("close", () => {
      clearTimeout(timer);
    });
  return {
    flush: writer.flush,
    push(bytes) {
      if (failed) return;
      try {
        reader.push(bytes);
      } catch (error) {
        failed = true;
        fail(error);
      }
    },
  };
}
