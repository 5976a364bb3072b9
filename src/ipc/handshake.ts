import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import { ProtocolError, WrongKeyError } from "./contract.ts";

/** One side of a handshake: fed the other side's messages, it says what to send and whether it is done. */
export type Handshake = {
  /** What this side says first, if it does. */
  readonly opening?: Buffer;
  /** What it says when the other side failed. */
  readonly farewell?: Buffer;
  /** @throws {WrongKeyError | ProtocolError} */
  receive(message: Buffer): { readonly reply?: Buffer; readonly done: boolean };
};

/** Longest message of any handshake here, in bytes. */
export const handshakeBytes = 256;

const magic = Buffer.from("metacoin-ipc/1");
const nonceBytes = 32;
const digestBytes = 32;

/**
 * Mutual HMAC-SHA256, the server's side: it sends a nonce; the client answers with its own nonce and a proof over both;
 * the server proves itself likewise. The proofs name the side that made them, so none can be sent back as the other's.
 */
export function createServerHandshake(key: Buffer): Handshake {
  const ours = randomBytes(nonceBytes);
  return {
    opening: Buffer.concat([magic, ours]),
    receive(message) {
      if (message.length !== nonceBytes + digestBytes)
        throw new ProtocolError("The answer to the challenge is malformed");
      const theirs = message.subarray(0, nonceBytes);
      verify(message.subarray(nonceBytes), proof(key, "client", ours, theirs));
      return { reply: proof(key, "server", ours, theirs), done: true };
    },
  };
}

/** The client's side. */
export function createClientHandshake(key: Buffer): Handshake {
  const ours = randomBytes(nonceBytes);
  let theirs: Buffer | undefined;
  return {
    receive(message) {
      if (theirs !== undefined) {
        verify(message, proof(key, "server", theirs, ours));
        return { done: true };
      }
      if (message.length !== magic.length + nonceBytes || !message.subarray(0, magic.length).equals(magic)) {
        throw new ProtocolError("The server does not speak this protocol", {
          hint: "Is it a Python server? Then add --protocol python",
        });
      }
      theirs = Buffer.from(message.subarray(magic.length));
      return { reply: Buffer.concat([ours, proof(key, "client", theirs, ours)]), done: false };
    },
  };
}

function proof(key: Buffer, side: string, serverNonce: Buffer, clientNonce: Buffer): Buffer {
  return createHmac("sha256", key).update(magic).update(side).update(serverNonce).update(clientNonce).digest();
}

function verify(given: Buffer, wanted: Buffer): void {
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new WrongKeyError("The other side does not know the key", { hint: "Give both sides the same --key-file" });
  }
}
