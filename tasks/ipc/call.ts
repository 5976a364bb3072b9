import { createClient } from "../../src/ipc/client.ts";
import { stopServer } from "../../src/ipc/service.ts";
import { action, toJson } from "../action.ts";
import { parseOrText } from "../../src/ipc/messages.ts";
import { type EndpointArguments, readEndpoint, readSecret, readTransport } from "./endpoint.ts";

type Arguments = EndpointArguments & {
  readonly transport: string;
  readonly method: string;
  readonly arguments: string[];
  readonly timeout: number;
  readonly json: boolean;
};

/** One call, its result on stdout. */
export default action<Arguments, unknown>({
  async run(args, { signal }) {
    const endpoint = readEndpoint(args);
    const transport = await readTransport(args.transport, endpoint);
    const key = await readSecret(transport, args, endpoint, { create: false });
    const connection = await transport.connect({ endpoint, key, signal });
    const { method, params } = readCall(args);
    try {
      return await createClient(connection).call(method, params, { deadlineMs: args.timeout * 1000, signal });
    } finally {
      await connection.close();
    }
  },
  render: (result) => (typeof result === "string" ? result : toJson(result)),
});

/** `stop server` is one method of two words, as the tutorial's client sends it. */
function readCall({ method, arguments: words }: Arguments): {
  readonly method: string;
  readonly params: readonly unknown[];
} {
  if ([method, ...words].join(" ") === stopServer) return { method: stopServer, params: [] };
  return { method, params: readParams(method, words) };
}

/** Some arguments are text, even where they look like numbers; the last text is all that is left of the line. */
function readParams(method: string, words: readonly string[]): readonly unknown[] {
  const [first, ...rest] = words;
  switch (method) {
    case "convert":
      return [words.join(" ")];
    case "line":
      return first === undefined || rest.length === 0 ? words : [parseOrText(first), rest.join(" ")];
    case "send":
      return first === undefined ? words : [first, ...rest.map(parseOrText)];
    default:
      return words.map(parseOrText);
  }
}
