import { signal } from "../../../src/ipc/signal.ts";
import { conformance } from "../../helpers/ipc/conformance.ts";

conformance("signal", { transport: signal });
