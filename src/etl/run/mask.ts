import { unescape } from "node:querystring";

import { isObject, parseJson } from "../asl/json.ts";
import type { ExecutionResult, Json } from "../asl/types.ts";
import { type Pipeline, variablesOf } from "../pipelines.ts";

import type { JournalRecord } from "./journal.ts";

/** Replaces in a text whatever must not be kept or shown. */
export type Mask = (text: string) => string;

/**
 * Knows the values of a pipeline's secrets: as they are, as JSON writes them (a cause is JSON in JSON in JSON), and as
 * addresses do. Of an address also the key in its path or query, and of every variable the password in an address.
 */
export function maskFor(pipeline: Pipeline, variables: Readonly<Record<string, string | undefined>>): Mask {
  const values = variablesOf(pipeline).flatMap(({ name, secret }) => {
    const value = variables[name] ?? "";
    return [...(secret === true ? [value, value.trim(), ...keysIn(value)] : []), ...passwordsIn(value)];
  });
  const words = new Set(values.filter((value) => value.length >= 4).flatMap(writingsOf));
  const longestFirst = [...words].sort((one, other) => other.length - one.length);
  return (text) => longestFirst.reduce((masked, word) => masked.replaceAll(word, "***"), text);
}

function writingsOf(value: string): string[] {
  const encoded = encodeURIComponent(value);
  const form = new URLSearchParams({ value }).toString().slice("value=".length);
  const lowerCase = encoded.replaceAll(/%[0-9A-F]{2}/gu, (code) => code.toLowerCase());
  const writings = [form, lowerCase, encoded, value];
  for (let depth = 0; depth < 4; depth += 1) writings.push(JSON.stringify(writings.at(-1)).slice(1, -1));
  return writings;
}

/** Providers put their key into the path; their messages sometimes repeat it alone. */
function keysIn(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { href, pathname, searchParams } = new URL(url);
  const named = [...searchParams].filter(([name, value]) => value.length >= 16 || isSecretName(name));
  return [href, ...pathname.split("/").filter((part) => part.length >= 16), ...named.map(([, value]) => value)];
}

function passwordsIn(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { username, password } = new URL(url);
  const basic = Buffer.from(`${unescape(username)}:${unescape(password)}`).toString("base64");
  return password === "" ? [] : [password, unescape(password), basic];
}

/** A record as the journal keeps it. What the journal itself is read by stays, whatever the secrets are. */
export function maskRecord(record: JournalRecord, mask: Mask): JournalRecord {
  switch (record.type) {
    case "started":
      return { ...record, input: maskJson(record.input, mask) };
    case "event":
    case "child":
      return { ...record, event: { ...record.event, ...maskDetails(record.event, mask) } };
    case "log":
      return { ...record, text: mask(record.text) };
    case "ended":
      return maskResult(record, mask);
    case "resumed":
    case "followed":
      return record;
  }
}

/** What a run ended with, fit to be shown. */
export function maskResult<Result extends ExecutionResult | Extract<JournalRecord, { readonly type: "ended" }>>(
  result: Result,
  mask: Mask,
): Result {
  return {
    ...result,
    ...("output" in result && result.output !== undefined ? { output: maskJson(result.output, mask) } : {}),
    ...("error" in result && result.error !== undefined ? { error: mask(result.error) } : {}),
    ...("cause" in result && result.cause !== undefined ? { cause: mask(result.cause) } : {}),
  };
}

function maskDetails(event: Readonly<Record<string, unknown>>, mask: Mask): Record<string, unknown> {
  const details = Object.entries(event).filter(([name]) => name.endsWith("EventDetails"));
  return Object.fromEntries(
    details.map(([name, value]) => [
      name,
      JSON.parse(
        JSON.stringify(value, (key, item: unknown) =>
          typeof item === "string" && key !== "name" ? maskValue(item, mask) : item,
        ),
      ),
    ]),
  );
}

export function maskJson(value: Json, mask: Mask): Json {
  return parseJson(
    JSON.stringify(value, (_, item: unknown) => (typeof item === "string" ? maskValue(item, mask) : item)),
  );
}

/** A text that holds JSON, as inputs and outputs do, stays JSON: the mask is for the texts in it. */
function maskValue(text: string, mask: Mask): string {
  const masked = mask(text);
  if (masked === text || !/^\s*[[{]/u.test(text)) return masked;
  try {
    return JSON.stringify(maskJson(parseJson(text), mask));
  } catch {
    return masked;
  }
}

const secretName = "secret|password|token|mnemonic|private.?key|api.?key|authorization|cookie";
const secretNames = new RegExp(`${secretName}|^key$`, "iu");

/** Whether a name speaks of a secret: `apiKey`, `password`, `LOAD_TOKEN`. */
export function isSecretName(name: string): boolean {
  return secretNames.test(name);
}

/** `name=`, `"name": ` and what follows: between quotes all of it, without them a word, of a mnemonic every word. */
const assignment = new RegExp(
  [
    `((?:${secretName})[\\w-]*["'\\\\]*\\s*[:=]\\s*)`,
    `(?:(\\\\*["']).*?\\2|["'\\\\]*(?:(?:bearer|basic)\\s+)?(?:[a-z]+(?: +[a-z]+){11,}|[^\\s"'\\\\,;&}]+))`,
  ].join(""),
  "giu",
);

/** Replaces what stands under names that speak of secrets, and credentials in URLs: for eyes, not for the journal. */
export function maskSecrets(value: Json): Json {
  if (typeof value === "string") return maskText(value);
  if (Array.isArray(value)) return value.map(maskSecrets);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      isSecretName(name) && item !== null && typeof item !== "boolean" ? "***" : maskSecrets(item),
    ]),
  );
}

/** The same for a line of text: `token=…`, `"password": "…"`, `Authorization: Bearer …`. */
export function maskText(text: string): string {
  return text.replaceAll(/(?<=:\/\/)[^/@\s]+(?=@)/gu, "***").replaceAll(assignment, "$1$2***$2");
}

/** The same for a JSON text, which stays one. */
export function maskJsonText(text: string): string {
  try {
    return JSON.stringify(maskSecrets(parseJson(text)));
  } catch {
    // AWS cuts long inputs off.
    return maskText(text);
  }
}
