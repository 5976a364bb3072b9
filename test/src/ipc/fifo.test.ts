import { fifo } from "../../../src/ipc/fifo.ts";
import { conformance } from "../../helpers/ipc/conformance.ts";

conformance("fifo", { transport: fifo, payloadBytes: 3500 });
