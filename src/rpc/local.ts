import { isRecord, type Answer, type Rpc } from "./rpc.ts";

/** The same client over a chain in this process: no endpoint, so nothing to survive. */
export function createLocalRpc(request: (method: string, params: readonly unknown[]) => Promise<unknown>): Rpc {
  return {
    request: (method, params = []) => request(method, params),
    async send(calls) {
      const answers: Answer[] = [];
      for (const { method, params } of calls) {
        answers.push(
          await request(method, params).then(
            (result): Answer => ({ result }),
            (error: unknown): Answer => ({ error: toAnswerError(error) }),
          ),
        );
      }
      return answers;
    },
    httpCalls: () => 0,
  };
}

function toAnswerError(error: unknown) {
  const message = error instanceof Error ? error.message : String(error);
  const code = isRecord(error) && typeof error["code"] === "number" ? error["code"] : -32_000;
  return { code, message, ...(isRecord(error) && "data" in error ? { data: error["data"] } : {}) };
}
