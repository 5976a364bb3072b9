import { BadRequestError } from "./failures.ts";
import { bounds } from "./protocol.ts";

/** Told in the order of the body. */
export type MultipartEvents = {
  readonly onField: (name: string, value: string) => void;
  readonly onFile: (name: string, filename: string) => void;
  /** Bytes of the file part, as slices of what was pushed. */
  readonly onData: (bytes: Buffer) => void;
  readonly onFileEnd: () => void;
};

export type MultipartParser = {
  readonly push: (chunk: Buffer) => void;
  /** @throws {BadRequestError} where the closing boundary is missing. */
  readonly end: () => void;
};

/** RFC 2046: 1 to 70 of these characters. */
const boundaryPattern = /;\s*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'()+,./:=?-]{1,70}))\s*(?:;|$)/iu;

/** The boundary of a `multipart/form-data` content type. @throws {BadRequestError} */
export function boundaryOf(contentType: string | undefined): string {
  const [, quoted, bare] = /^multipart\/form-data\b/iu.test(contentType ?? "")
    ? (boundaryPattern.exec(contentType ?? "") ?? [])
    : [];
  const boundary = quoted ?? bare;
  if (boundary === undefined) throw new BadRequestError("This takes multipart/form-data with a boundary");
  return boundary;
}

type State = "body" | "delimiter" | "headers" | "end";

/**
 * Reads RFC 7578 form data as it streams. What it holds back is bounded: a part's headers, a field's value,
 * and of a file no more than a boundary's length.
 */
export function createMultipartParser(boundary: string, events: MultipartEvents): MultipartParser {
  const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
  let state: State = "body";
  // The first boundary may stand at the very start; this makes it look like all others.
  let rest: Buffer = Buffer.from("\r\n");
  let part: { readonly name: string; readonly isFile: boolean } | undefined;
  let value: Buffer[] = [];
  let [valueBytes, fields, files] = [0, 0, 0];

  const take = (bytes: Buffer): void => {
    if (part === undefined || bytes.length === 0) return;
    if (part.isFile) return events.onData(bytes);
    valueBytes += bytes.length;
    if (valueBytes > bounds.field) throw new BadRequestError(`A field is longer than ${String(bounds.field)} bytes`);
    value.push(bytes);
  };
  const endPart = (): void => {
    if (part?.isFile === true) events.onFileEnd();
    else if (part !== undefined) events.onField(part.name, Buffer.concat(value).toString());
    part = undefined;
    value = [];
    valueBytes = 0;
  };
  const beginPart = (head: string): void => {
    const { name, filename } = parsePartHead(head);
    if (filename === undefined) fields += 1;
    else files += 1;
    if (fields > bounds.fields) throw new BadRequestError(`More than ${String(bounds.fields)} fields`);
    if (files > bounds.files) throw new BadRequestError(`More than ${String(bounds.files)} file in a request`);
    part = { name, isFile: filename !== undefined };
    if (filename !== undefined) events.onFile(name, filename);
  };

  /** Each returns whether there may be more to do with what is left. */
  const steps: Record<State, () => boolean> = {
    body: () => {
      const at = rest.indexOf(delimiter);
      const kept = at === -1 ? tailLength(rest, delimiter) : rest.length - at;
      take(rest.subarray(0, rest.length - kept));
      rest = rest.subarray(rest.length - kept);
      if (at === -1) return false;
      endPart();
      rest = rest.subarray(delimiter.length);
      state = "delimiter";
      return true;
    },
    delimiter: () => {
      if (rest.length >= 2 && rest.subarray(0, 2).equals(dashes)) {
        state = "end";
        return true;
      }
      const line = rest.indexOf("\r\n");
      const text = rest.toString("latin1", 0, line === -1 ? Math.min(rest.length, 65) : line);
      if (text.length > 64 || !(line === -1 ? /^(?:-|[ \t]*\r?)$/u : /^[ \t]*$/u).test(text))
        throw new BadRequestError("A boundary is followed by something else");
      if (line === -1) return false;
      // The line break stays: headers begin after it, and it may be the whole of them.
      rest = rest.subarray(line);
      state = "headers";
      return true;
    },
    headers: () => {
      const end = rest.indexOf("\r\n\r\n");
      if (end > bounds.partHeader || (end === -1 && rest.length > bounds.partHeader))
        throw new BadRequestError(`A part has more than ${String(bounds.partHeader)} bytes of headers`);
      if (end === -1) return false;
      beginPart(rest.toString("utf8", 0, end));
      rest = rest.subarray(end + 4);
      state = "body";
      return true;
    },
    end: () => {
      rest = empty;
      return false;
    },
  };

  return {
    push: (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (steps[state]());
    },
    end: () => {
      if (state !== "end") throw new BadRequestError("The form data ends before its last boundary");
    },
  };
}

const dashes = Buffer.from("--");
const empty = Buffer.alloc(0);

/** How many bytes at the end of `bytes` may be the start of `delimiter`. */
function tailLength(bytes: Buffer, delimiter: Buffer): number {
  for (
    let at = bytes.indexOf(13, Math.max(0, bytes.length - delimiter.length + 1));
    at !== -1;
    at = bytes.indexOf(13, at + 1)
  ) {
    const length = bytes.length - at;
    if (bytes.compare(delimiter, 0, length, at) === 0) return length;
  }
  return 0;
}

/** The names in a part's `Content-Disposition`. */
function parsePartHead(head: string): { readonly name: string; readonly filename: string | undefined } {
  const line = head.split("\r\n").find((text) => /^content-disposition:/iu.test(text)) ?? "";
  const parameters = new Map<string, string>();
  for (const [, name = "", quoted, bare] of line.matchAll(/;\s*([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/gu))
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), unquote(quoted ?? bare ?? ""));
  const name = parameters.get("name");
  if (!/^content-disposition:\s*form-data\s*(?:;|$)/iu.test(line) || name === undefined)
    throw new BadRequestError("A part has no name");
  return { name, filename: parameters.get("filename") };
}

/** Browsers write a quote as %22 and line breaks as %0D %0A; other programs put a backslash before a quote. */
function unquote(text: string): string {
  return text
    .replace(/\\(["\\])/gu, "$1")
    .replace(/%(22|0D|0A)/giu, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));
}
