import type { Transport, TransportName } from "./contract.ts";

/** A transport by its name; each is loaded only when it is asked for. */
export async function loadTransport(name: TransportName): Promise<Transport> {
  return loaders[name]();
}

const loaders: Readonly<Record<TransportName, () => Promise<Transport>>> = {
  fifo: async () => (await import("./fifo.ts")).fifo,
  file: async () => (await import("./file.ts")).file,
  redis: async () => (await import("./redis/index.ts")).redis,
  mqtt: async () => (await import("./mqtt.ts")).mqtt,
  shm: async () => (await import("./shm.ts")).shm,
  signal: async () => (await import("./signal.ts")).signal,
  socket: async () => (await import("./socket.ts")).socket,
  rpc: async () => (await import("./rpc/index.ts")).rpc,
};
