import { type CallRecord, createAnswer } from "../../src/ipc/dispatch.ts";
import { createService, stopServer } from "../../src/ipc/service.ts";
import type { Listener } from "../../src/ipc/contract.ts";
import { messageOf } from "../../src/errors.ts";
import { printable } from "../../src/text.ts";
import { action, toJson } from "../action.ts";
import { type EndpointArguments, readEndpoint, readSecret, readTransport, requireFolder } from "./endpoint.ts";

type Arguments = EndpointArguments & { readonly transport: string; readonly ndjson: boolean };

/** Serves until Ctrl-C or "stop server"; a line per call on stdout, everything else on stderr. */
export default action<Arguments, undefined>({
  async run(args, { progress, signal }) {
    requireFolder(args.path);
    const endpoint = readEndpoint(args);
    const transport = await readTransport(args.transport, endpoint, { asServer: true });
    const key = await readSecret(transport, args, endpoint, { create: true });
    const stopping = new AbortController();
    const stop = AbortSignal.any([signal, stopping.signal]);
    const serving: { listener?: Listener } = {};
    const service = createService({
      publish: (event) => void publish(event),
      stop: () => {
        stopping.abort();
      },
    });
    const publish = async (event: Parameters<Listener["publish"]>[0]) => {
      try {
        await serving.listener?.publish(event);
      } catch (error) {
        progress.line(`An event was not sent: ${messageOf(error)}`);
      }
    };
    const { answer, counters } = createAnswer(service, {
      onCall(record) {
        process.stdout.write(`${args.ndjson ? JSON.stringify(describe(record)) : renderCall(record)}\n`);
      },
    });
    // Whoever read these lines has gone; the server goes on without him.
    process.stdout.on("error", () => undefined);
    const listener = await transport.listen({
      endpoint,
      key,
      answer,
      onFault: (fault) => {
        progress.line(fault.message);
      },
    });
    serving.listener = listener;
    progress.line(`Listening on ${listener.address} (${transport.name}). Ctrl-C ends it.`);
    await aborted(stop);
    await listener.close();
    progress.line(`Stopped. Calls: ${String(counters.received)}.`);
    return undefined;
  },
  render: () => "",
});

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** As the tutorial's servers print it: the converted text, or the command and its arguments. */
export function renderCall(record: CallRecord): string {
  const { method, params } = record;
  const asked = [method, ...params].map(show).join(" ");
  if ("error" in record) return `${asked}: ${printable(messageOf(record.error))}`;
  if (method === "convert" || method === stopServer) return show(record.result);
  return `${asked} = ${show(record.result)}`;
}

/** One line, whatever a client sent. */
function show(value: unknown): string {
  return printable(typeof value === "string" ? value : toJson(value).replaceAll(/\s+/gu, " "));
}

function describe(record: CallRecord) {
  return "error" in record ? { ...record, error: messageOf(record.error) } : record;
}
