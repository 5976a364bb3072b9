import { createServer, type Socket } from "node:net";

import { z } from "zod";

import { IpcError, type Peer } from "../ipc/contract.ts";
import { listenOwned } from "../ipc/own.ts";
import { peerOf } from "../ipc/peer.ts";
import { createJsonRpcAcceptor, type Caller } from "../ipc/rpc/accept.ts";
import { invalidParams, JsonRpcError, type Dispatch } from "../ipc/rpc/jsonrpc.ts";
import type { Heads } from "./heads.ts";
import { methods, requestCapBytes, walletErrors } from "./protocol.ts";
import type { Signer } from "./signer.ts";

type ServeOptions = {
  readonly path: string;
  /** The only user who is served; others are cut off before a byte is read. */
  readonly uid: number | undefined;
  readonly signer: Signer;
  readonly heads: Heads;
  /** Told of every peer that was refused. */
  readonly onStranger?: (error: StrangerError) => void;
};

const subscribeParams = z.tuple([z.literal("newHeads")]);
const unsubscribeParams = z.tuple([z.string()]);

/**
 * Serves the signer on a unix socket of mode 0600, as bare JSON-RPC and by HTTP.
 *
 * @returns the way to stop: requests that were read are answered first.
 * @throws {EndpointBusyError} where another signer listens there.
 */
export async function serveSigner(options: ServeOptions): Promise<{ close(): Promise<void> }> {
  const { path, uid, onStranger } = options;
  const acceptor = createJsonRpcAcceptor({
    capBytes: requestCapBytes,
    methodsFor: (caller, socket) => methodsFor(options, caller, peerOf(socket)),
  });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const stranger = strangerOf(socket, uid);
    if (stranger === undefined) return acceptor.accept(socket);
    socket.destroy();
    return onStranger?.(stranger);
  });
  server.maxConnections = 1024;
  const ownership = await listenOwned(server, path);
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await acceptor.drain();
      await closed;
      ownership.release();
    },
  };
}

function methodsFor({ signer, heads }: ServeOptions, { notify, signal }: Caller, peer: Peer): Dispatch {
  return async (method, params) => {
    if (method === methods.subscribe) {
      if (!subscribeParams.safeParse(params).success) throw invalidParams('Only "newHeads" can be subscribed to');
      if (notify === undefined)
        throw new JsonRpcError(walletErrors.unsupportedMethod, "HTTP has no way back for a subscription");
      return heads.subscribe(notify, signal);
    }
    if (method === methods.unsubscribe) {
      const { data } = unsubscribeParams.safeParse(params);
      return data !== undefined && heads.unsubscribe(data[0]);
    }
    return await signer.dispatch(method, params, { peer, signal });
  };
}

/** The socket's mode keeps other users out; the kernel's word for it holds where somebody changed the mode, or runs as root. */
function strangerOf(socket: Socket, uid: number | undefined): StrangerError | undefined {
  const peer = peerOf(socket);
  if (peer.uid === undefined || peer.uid === uid) return undefined;
  return new StrangerError(`Refused process ${String(peer.pid)} of user ${String(peer.uid)}`);
}

/** A program of another user came to the socket. */
export class StrangerError extends IpcError {
  override readonly code = "SIGNER_STRANGER";
}
