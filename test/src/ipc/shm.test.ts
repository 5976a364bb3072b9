import { shm } from "../../../src/ipc/shm.ts";
import { conformance } from "../../helpers/ipc/conformance.ts";

conformance("shm", { transport: shm });
