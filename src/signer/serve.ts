import type { Socket } from "node:net";

import { z } from "zod";

import { defaultLimits, type Peer, ProtocolError } from "../ipc/contract.ts";
import { socketPath } from "../ipc/endpoint.ts";
import { createJsonRpcAcceptor, type Caller } from "../ipc/rpc/accept.ts";
import { bind } from "../ipc/rpc/address.ts";
import { invalidParams, JsonRpcError, type Dispatch } from "../ipc/rpc/jsonrpc.ts";
import type { Heads } from "./heads.ts";
import { methods, requestCapBytes, walletErrors } from "./protocol.ts";
import type { Signer } from "./signer.ts";

type ServeOptions = {
  readonly path: string;
  readonly signer: Signer;
  readonly heads: Heads;
  /** Told of every program of another user, which is cut off before a byte of it is read. */
  readonly onStranger?: (message: string) => void;
};

const subscribeParams = z.tuple([z.literal("newHeads")]);
const unsubscribeParams = z.tuple([z.string()]);

/**
 * Serves the signer on a unix socket of mode 0600 to its own user, as bare JSON-RPC and by HTTP.
 *
 * @returns the way to stop: requests that were read are answered first.
 * @throws {EndpointBusyError} where another signer listens there.
 */
export async function serveSigner(options: ServeOptions): Promise<{ close(): Promise<void> }> {
  const { path, onStranger } = options;
  const peers = new WeakMap<Socket, Peer>();
  const acceptor = createJsonRpcAcceptor({
    capBytes: requestCapBytes,
    methodsFor: (caller, socket) => methodsFor(options, caller, peers.get(socket) ?? {}),
  });
  const bound = await bind(
    { path: socketPath(path) },
    {
      limits: defaultLimits,
      onConnection(socket, peer) {
        peers.set(socket, peer);
        acceptor.accept(socket);
      },
      onFault(fault) {
        if (fault instanceof ProtocolError) onStranger?.(fault.message);
      },
    },
  );
  return { close: () => bound.close(() => acceptor.drain()) };
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
