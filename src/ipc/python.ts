import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import {
  type Answer,
  DisconnectedError,
  type Peer,
  ProtocolError,
  UnsupportedError,
  WrongKeyError,
} from "./contract.ts";
import type { Handshake } from "./handshake.ts";
import { describeFailure, isRecord, remoteFailure } from "./messages.ts";
import { pickle, type Plain } from "./pickle.ts";
import type { ClientSession, Link, ServerSession } from "./session.ts";
import { stopServer } from "./service.ts";
import { unpickle } from "./unpickle.ts";

/*
 * The protocol of Python's multiprocessing.connection: frames with a signed 32-bit length (the same bytes as ours below 2 GiB),
 * a challenge each way, then pickled objects. Python up to 3.11 answers a challenge with a bare HMAC-MD5;
 * from 3.12 on challenge and answer begin with the digest's name in braces.
 */

const challengePrefix = Buffer.from("#CHALLENGE#");
const welcome = Buffer.from("#WELCOME#");
const failure = Buffer.from("#FAILURE#");
const modern = Buffer.from("{sha256}");
const nonceBytes = 40;

/** What we ask: the form of 3.12, which 3.11 answers with MD5 over the whole of it. */
function createChallenge(): Buffer {
  return Buffer.concat([modern, randomBytes(nonceBytes)]);
}

/** Our answer to a challenge of either form. */
function answerChallenge(key: Buffer, message: Buffer): Buffer {
  if (!message.subarray(0, challengePrefix.length).equals(challengePrefix)) {
    throw new ProtocolError("The other side does not speak Python's connection protocol");
  }
  const challenge = message.subarray(challengePrefix.length);
  if (startsWith(challenge, modern)) {
    return Buffer.concat([modern, createHmac("sha256", key).update(challenge).digest()]);
  }
  return createHmac("md5", key).update(challenge).digest();
}

/** Whether an answer to our challenge, of either form, proves the key. */
function isProof(key: Buffer, challenge: Buffer, response: Buffer): boolean {
  const digest = startsWith(response, modern) ? "sha256" : "md5";
  const mac = digest === "sha256" ? response.subarray(modern.length) : response;
  const wanted = createHmac(digest, key).update(challenge).digest();
  return mac.length === wanted.length && timingSafeEqual(mac, wanted);
}

function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  return bytes.length > prefix.length && bytes.subarray(0, prefix.length).equals(prefix);
}

/** Listener.accept(): challenges the client, then answers the client's challenge. */
export function createPythonServerHandshake(key: Buffer): Handshake {
  const challenge = createChallenge();
  let step = 0;
  return {
    opening: Buffer.concat([challengePrefix, challenge]),
    farewell: failure,
    receive(message) {
      step += 1;
      if (step === 1) {
        requireProof(key, challenge, message);
        return { reply: welcome, done: false };
      }
      if (step === 2) return { reply: answerChallenge(key, message), done: false };
      requireWelcome(message);
      return { done: true };
    },
  };
}

/** Client(): answers the server's challenge, then challenges the server. */
export function createPythonClientHandshake(key: Buffer): Handshake {
  const challenge = createChallenge();
  let step = 0;
  return {
    farewell: failure,
    receive(message) {
      step += 1;
      if (step === 1) return { reply: answerChallenge(key, message), done: false };
      if (step === 2) {
        requireWelcome(message);
        return { reply: Buffer.concat([challengePrefix, challenge]), done: false };
      }
      requireProof(key, challenge, message);
      return { reply: welcome, done: true };
    },
  };
}

function requireProof(key: Buffer, challenge: Buffer, response: Buffer): void {
  if (!isProof(key, challenge, response)) throw new WrongKeyError("The other side does not know the key");
}

function requireWelcome(message: Buffer): void {
  if (!message.equals(welcome)) throw new WrongKeyError("The other side did not accept the key");
}

/**
 * Python's side has no ids: replies come in the order of the requests. `[8, 8]` is multiplied, a string is a command,
 * and `[name, …arguments]` calls a method; what fails is answered `{ "error": …, "code": … }`.
 */
export function createPythonServerSession(
  link: Link,
  {
    answer,
    peer,
    onIdle = () => undefined,
  }: { readonly answer: Answer; readonly peer: Peer; readonly onIdle?: () => void },
): ServerSession {
  const controller = new AbortController();
  let active = 0;
  let last: Promise<void> | undefined;
  const reply = (value: unknown) => {
    sendPickle(link, value);
  };
  const settle = async (outcome: unknown, before: Promise<void> | undefined) => {
    let value: unknown;
    try {
      value = await outcome;
    } catch (error) {
      value = failureValue(error);
    }
    await before;
    reply(value);
    active -= 1;
    if (active > 0) return;
    last = undefined;
    onIdle();
  };
  return {
    receive(message) {
      const outcome = attempt(answer, unpickle(message), peer, controller.signal);
      if (!(outcome instanceof Promise) && active === 0) {
        reply(outcome);
        return;
      }
      active += 1;
      last = settle(outcome, last);
    },
    publish: () => undefined,
    subscribed: false,
    get active() {
      return active;
    },
    bye: () => undefined,
    lost() {
      controller.abort(new DisconnectedError("The caller went away"));
    },
  };
}

function attempt(answer: Answer, value: Plain, peer: Peer, signal: AbortSignal): unknown {
  try {
    return answer({ ...asCall(value), peer, signal });
  } catch (error) {
    return failureValue(error);
  }
}

function failureValue(error: unknown) {
  const { code, message } = describeFailure(error);
  return { error: message, code };
}

function asCall(value: Plain): { readonly method: string; readonly params: readonly unknown[] } {
  if (typeof value === "string") return { method: value, params: [] };
  if (!Array.isArray(value)) throw new ProtocolError("A call is a string or a list");
  const [first, ...rest]: readonly Plain[] = value;
  return typeof first === "string" ? { method: first, params: rest } : { method: "multiply", params: value };
}

/** Our client of a Python server, or of our own: one reply to each request, in order. */
export function createPythonClientSession(
  link: Link,
  { onDrained }: { readonly onDrained: () => void },
): ClientSession {
  type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void };
  const waiting: Waiting[] = [];
  let gone: DisconnectedError | undefined;
  return {
    request(method, params, cancellation) {
      if (gone !== undefined) return Promise.reject(gone);
      return new Promise<unknown>((resolve, reject) => {
        // A reply can come although the caller gave up: the place in the queue stays.
        waiting.push({ resolve, reject });
        cancellation.onAbort = reject;
        sendPickle(link, asObject(method, params));
      });
    },
    subscribe: () => Promise.reject(new UnsupportedError("Python's connection protocol has no events")),
    receive(message) {
      const next = waiting.shift();
      const value = unpickle(message);
      if (isRecord(value) && typeof value["error"] === "string" && typeof value["code"] === "string") {
        next?.reject(remoteFailure({ code: value["code"], message: value["error"] }));
      } else next?.resolve(value);
    },
    get pending() {
      return waiting.length;
    },
    lost(cause) {
      gone ??= new DisconnectedError("The server went away", cause === undefined ? {} : { cause });
      for (const { reject } of waiting.splice(0)) reject(gone);
      onDrained();
    },
  };
}

/** As the tutorial's client sends it: two bare numbers are multiplied, "stop server" is a bare string. */
function asObject(method: string, params: readonly unknown[]): unknown {
  if (method === "multiply") return params;
  return method === stopServer ? method : [method, ...params];
}

function sendPickle(link: Link, value: unknown): void {
  link.send(pickle(value, link.room));
}
