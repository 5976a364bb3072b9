/** A call that the server refused, or that did not reach it (status 0). */
export class CallError extends Error {
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Told whenever the server wants a log-in. */
export const sessionEnded = new EventTarget();

/** Calls the server; the answer is the JSON that `api-types.ts` describes, null where there is none. */
export async function call<Answer = null>(method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  }).catch((error: unknown) => {
    throw new CallError(0, lost, { cause: error });
  });
  const text = await response.text();
  if (response.status === 401 && path !== "/api/session") sessionEnded.dispatchEvent(new Event("end"));
  if (!response.ok) throw new CallError(response.status, failureText(text, response.status));
  return JSON.parse(text === "" ? "null" : text);
}

const lost = "The server cannot be reached.";

/** The message in an answer of any of the server's protocols: JSON, or plain words. Status 0: there was no answer. */
export function failureText(answer: unknown, status: number): string {
  if (status === 0) return lost;
  if (typeof answer === "string") {
    const parsed = parse(answer);
    if (parsed !== undefined) return failureText(parsed, status);
    if (answer !== "" && answer.length < 300) return answer;
  }
  if (typeof answer === "object" && answer !== null) {
    if ("error" in answer) return failureText(answer.error, status);
    if ("message" in answer && typeof answer.message === "string") return answer.message;
  }
  return `The server answered ${String(status)}.`;
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `?dir=a%2Fb&name=c` */
export function query(values: Readonly<Record<string, string>>): string {
  return `?${new URLSearchParams(values).toString()}`;
}
