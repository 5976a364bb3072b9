import type { Socket } from "node:net";

import { type Peer, ProtocolError } from "./contract.ts";
import { checked, native } from "./libc.ts";

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/**
 * Who connected to a unix socket, told by the kernel (SO_PEERCRED, Linux); `{}` for TCP and elsewhere.
 * The peer cannot forge it: it is the process that called connect(2).
 */
export function peerOf(socket: Socket): Peer {
  if (process.platform !== "linux" || socket.remoteAddress !== undefined) return {};
  const fd = descriptorOf(socket);
  if (fd === undefined) return {};
  const credentials = Buffer.alloc(12);
  const length = Buffer.from(Uint32Array.of(credentials.length).buffer);
  const getsockopt = native("int getsockopt(int, int, int, void*, void*)");
  checked("getsockopt", getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length));
  return { pid: credentials.readInt32LE(0), uid: credentials.readUInt32LE(4), gid: credentials.readUInt32LE(8) };
}

/** Why a peer is turned away: the kernel says that it is another user; `undefined` where it is this one, or nobody can say. */
export function strangerFault({ uid }: Peer): ProtocolError | undefined {
  if (uid === undefined || uid === process.geteuid?.()) return undefined;
  return new ProtocolError(`User ${String(uid)} may not connect`);
}

/** The socket's file descriptor; Node shows it on the handle alone. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, "_handle");
  if (typeof handle !== "object" || handle === null) return undefined;
  const fd: unknown = Reflect.get(handle, "fd");
  return typeof fd === "number" && fd >= 0 ? fd : undefined;
}
