import { file } from "../../../src/ipc/file.ts";
import { conformance } from "../../helpers/ipc/conformance.ts";

conformance("file", { transport: file, calls: 60, noFarewell: true });
