// The measured server, a program of its own: node server.ts TRANSPORT ENDPOINT-JSON [KEY-HEX]. Prints its address when it listens.
import { z } from "zod";

import { createAnswer, method } from "../dispatch.ts";
import { loadTransport } from "../registry.ts";
import { transportNames, type Endpoint, type Listener } from "../contract.ts";

const [, , name, endpoint = "{}", key] = process.argv;
const transport = await loadTransport(transportNames.find((each) => each === name) ?? "socket");
const parsed: Endpoint = z.looseObject({ folder: z.string() }).parse(JSON.parse(endpoint));

const { answer } = createAnswer(
  new Map([
    [
      "echo",
      method({ summary: "Its argument", names: ["text"], params: z.tuple([z.string()]), run: ([text]) => text }),
    ],
    [
      "cpu",
      method({
        summary: "Microseconds of CPU this process has used",
        names: [],
        params: z.tuple([]),
        run: () => cpuMicroseconds(),
      }),
    ],
    [
      "switch",
      method({
        summary: "Tells the state",
        names: ["state"],
        params: z.tuple([z.enum(["on", "off"])]),
        run: ([state]) => {
          void listener.publish({ topic: "state", data: state });
        },
      }),
    ],
  ]),
);

const listener: Listener = await transport.listen({
  endpoint: parsed,
  key: key === undefined ? undefined : Buffer.from(key, "hex"),
  answer,
});
process.stdout.write(`${listener.address}\n`);
process.stdin.on("end", () => void listener.close()).resume();

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
