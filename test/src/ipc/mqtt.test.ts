import { mqtt } from "../../../src/ipc/mqtt.ts";
import { conformance } from "../../helpers/ipc/conformance.ts";

conformance("mqtt", { transport: mqtt, key: Buffer.from("a key for tests"), endpoint: () => ({ port: 0 }) });
