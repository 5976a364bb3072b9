import { socket } from "../../../src/ipc/socket.ts";
import { conformance } from "../../helpers/ipc/conformance.ts";

const key = Buffer.from("a key for tests");

conformance("socket, unix, no key", { transport: socket });
conformance("socket, unix, key", { transport: socket, key });
conformance("socket, TCP", { transport: socket, key, endpoint: () => ({ port: 0 }) });
conformance("socket, Python's protocol", {
  transport: { ...socket, caps: { ...socket.caps, publish: false, stream: false } },
  key,
  noFarewell: true,
  endpoint: () => ({ protocol: "python" }),
});
