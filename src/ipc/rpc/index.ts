import {
  can,
  type Connection,
  type ConnectOptions,
  type Listener,
  type ListenOptions,
  type Transport,
} from "../contract.ts";
import { protocolOf, type Protocol } from "./address.ts";

type Dialect = {
  readonly listen: (options: ListenOptions) => Promise<Listener>;
  readonly connect: (options: ConnectOptions) => Promise<Connection>;
};

/** Each is loaded only when it is asked for: gRPC alone costs 100 ms. */
const dialects: Readonly<Record<Protocol, () => Promise<Dialect>>> = {
  async json() {
    const { listenJson: listen, connectJson: connect } = await import("./json.ts");
    return { listen, connect };
  },
  async http() {
    const [{ createWebDialect }, { jsonRpcOverHttp }] = await Promise.all([
      import("./web.ts"),
      import("./web-json.ts"),
    ]);
    return createWebDialect(jsonRpcOverHttp);
  },
  async rest() {
    const [{ createWebDialect }, { rest }] = await Promise.all([import("./web.ts"), import("./web-rest.ts")]);
    return createWebDialect(rest);
  },
  async xml() {
    const [{ createWebDialect }, { xmlRpc }] = await Promise.all([import("./web.ts"), import("./web-xml.ts")]);
    return createWebDialect(xmlRpc);
  },
  async grpc() {
    const { listenGrpc: listen, connectGrpc: connect } = await import("./grpc.ts");
    return { listen, connect };
  },
};

/**
 * Remote procedure calls as other people's programs speak them: JSON-RPC 2.0 on a socket (`json`) and over HTTP (`http`),
 * REST, XML-RPC, gRPC. Chosen with `--protocol`; `json` by default.
 */
export const rpc: Transport = {
  name: "rpc",
  summary: "JSON-RPC on a socket or by HTTP, REST, XML-RPC, gRPC: --protocol json|http|rest|xml|grpc",
  // A bearer token proves the client alone, and to whoever listens.
  caps: can("request", "publish", "stream", "payload", "ordered", "reliable", "crossPlatform"),
  available: () => Promise.resolve({ ready: true }),
  listen: async (options) => (await dialects[protocolOf(options.endpoint)]()).listen(options),
  connect: async (options) => (await dialects[protocolOf(options.endpoint)]()).connect(options),
};
