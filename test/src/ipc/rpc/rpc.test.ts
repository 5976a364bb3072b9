import { rpc } from "../../../../src/ipc/rpc/index.ts";
import { conformance } from "../../../helpers/ipc/conformance.ts";

const key = Buffer.from("a key for tests");

const noEvents = { ...rpc, caps: { ...rpc.caps, publish: false, stream: false } };

conformance("rpc, JSON-RPC", { transport: rpc, noFarewell: true });
for (const protocol of ["http", "rest", "xml", "grpc"]) {
  conformance(`rpc, ${protocol}`, { transport: rpc, noFarewell: true, endpoint: () => ({ protocol }) });
  conformance(`rpc, ${protocol}, TCP with a key`, {
    transport: noEvents,
    key,
    noFarewell: true,
    endpoint: () => ({ protocol, port: 0 }),
  });
}
