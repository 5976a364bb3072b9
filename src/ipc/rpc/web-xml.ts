import { XMLParser, XMLValidator } from "fast-xml-parser";

import { InvalidParamsError, ProtocolError, RemoteError, UnknownMethodError } from "../contract.ts";
import { describeFailure, isRecord } from "../messages.ts";
import type { HttpReply } from "./http.ts";
import type { WebProtocol } from "./web.ts";

/** XML-RPC (xmlrpc.com/spec.md) with the `nil` extension: a POST of a methodCall, to any path. */
export const xmlRpc: WebProtocol = {
  accepts: ["text/xml", "application/xml"],
  async reply({ verb, body }, call) {
    if (verb !== "POST") return { status: 405, type: "text/plain", body: "POST an XML-RPC methodCall\n" };
    try {
      const { method, params } = readCall(body);
      const result = await call(method, params);
      return xml(`<params><param>${writeValue(result)}</param></params>`);
    } catch (error) {
      const { code, message } = describeFailure(error);
      return xml(
        `<fault>${writeValue({ faultCode: faultCodes[code] ?? 1, faultString: `${code}: ${message}` })}</fault>`,
      );
    }
  },
  encode(method, params) {
    const written = params.map((param) => `<param>${writeValue(param)}</param>`).join("");
    const call = `<methodCall><methodName>${escape(method)}</methodName><params>${written}</params></methodCall>`;
    return { path: "/RPC2", body: `${declaration}${call}` };
  },
  decode({ status, body }) {
    const response = child(read(body), "methodResponse");
    const fault = response && child(response, "fault");
    if (fault !== undefined) throw remoteOf(readValue(child(fault, "value")));
    const param = response && child(child(response, "params") ?? [], "param");
    if (param === undefined) throw new ProtocolError(`HTTP ${String(status)}: no methodResponse`);
    return readValue(child(param, "value"));
  },
};

const declaration = '<?xml version="1.0"?>\n';

/** The numbers of "Specification for Fault Code Interoperability". */
const faultCodes: Readonly<Record<string, number>> = { UNKNOWN_METHOD: -32_601, INVALID_PARAMS: -32_602 };

function remoteOf(fault: unknown): RemoteError {
  const text =
    isRecord(fault) && typeof fault["faultString"] === "string" ? fault["faultString"] : "The server refused";
  const [, code = "INTERNAL", message = text] = /^([A-Z_]+): (.*)$/su.exec(text) ?? [];
  return new RemoteError(message, code);
}

function xml(content: string): HttpReply {
  return {
    status: 200,
    type: "text/xml",
    body: `${declaration}<methodResponse>${content}</methodResponse>\n`,
  };
}

/** An element's children, in order; text stands under "#text". */
type Nodes = readonly Readonly<Record<string, unknown>>[];

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
});

/** @throws {ProtocolError} where it is no XML; a document type, where entities are declared, is refused unread. */
function read(text: string): Nodes {
  if (text.includes("<!DOCTYPE")) throw new ProtocolError("XML-RPC has no document types");
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw new ProtocolError(`The body is no XML: ${valid.err.msg}`);
  try {
    return nodesOf(parser.parse(text));
  } catch (error) {
    throw new ProtocolError("The body is no XML that can be read", { cause: error });
  }
}

function nodesOf(value: unknown): Nodes {
  return Array.isArray(value) ? value.filter((node) => isRecord(node)) : [];
}

function child(nodes: Nodes, name: string): Nodes | undefined {
  const found = nodes.find((node) => name in node);
  return found && nodesOf(found[name]);
}

function children(nodes: Nodes, name: string): Nodes[] {
  return nodes.filter((node) => name in node).map((node) => nodesOf(node[name]));
}

function textOf(nodes: Nodes): string {
  return nodes.map((node) => (typeof node["#text"] === "string" ? node["#text"] : "")).join("");
}

function readCall(body: string): { readonly method: string; readonly params: readonly unknown[] } {
  const call = child(read(body), "methodCall");
  const name = call && child(call, "methodName");
  if (call === undefined || name === undefined)
    throw new UnknownMethodError("There is no methodCall with a methodName");
  const params = children(child(call, "params") ?? [], "param");
  return { method: textOf(name).trim(), params: params.map((param) => readValue(child(param, "value"))) };
}

function readValue(value: Nodes | undefined): unknown {
  if (value === undefined) throw new InvalidParamsError("A value is missing");
  const typed = value.find((node) => !("#text" in node));
  // Without a type it is a string.
  if (typed === undefined) return textOf(value);
  const [[type, content] = ["", undefined]] = Object.entries(typed);
  const nodes = nodesOf(content);
  switch (type) {
    case "string":
    case "dateTime.iso8601":
      return textOf(nodes);
    case "int":
    case "i4":
    case "i8":
    case "double":
      return readNumber(textOf(nodes));
    case "boolean":
      return textOf(nodes).trim() === "1";
    case "nil":
      return null;
    case "base64":
      return Buffer.from(textOf(nodes), "base64").toString();
    case "array":
      return children(child(nodes, "data") ?? [], "value").map((item) => readValue(item));
    case "struct":
      return Object.fromEntries(children(nodes, "member").map((member) => readMember(member)));
    default:
      throw new InvalidParamsError(`XML-RPC has no type "${type}"`);
  }
}

function readMember(member: Nodes): [string, unknown] {
  return [textOf(child(member, "name") ?? []), readValue(child(member, "value"))];
}

function readNumber(text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) throw new InvalidParamsError(`"${text}" is no number`);
  return number;
}

function writeValue(value: unknown): string {
  return `<value>${writeTyped(value)}</value>`;
}

function writeTyped(value: unknown): string {
  if (typeof value === "string") return writeText(value);
  if (typeof value === "number") return writeNumber(value);
  if (typeof value === "boolean") return `<boolean>${value ? "1" : "0"}</boolean>`;
  if (Array.isArray(value)) return `<array><data>${value.map((item) => writeValue(item)).join("")}</data></array>`;
  if (isRecord(value)) return `<struct>${Object.entries(value).map(writeMember).join("")}</struct>`;
  return "<nil/>";
}

function writeMember([name, value]: [string, unknown]): string {
  return `<member><name>${escape(name)}</name>${writeValue(value)}</member>`;
}

function writeNumber(value: number): string {
  const isInt = Number.isInteger(value) && Math.abs(value) < 2 ** 31 && !Object.is(value, -0);
  return isInt ? `<int>${String(value)}</int>` : `<double>${String(value)}</double>`;
}

/** XML has no way to write most control characters; such a text goes as base64 of its UTF-8. */
function writeText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the characters that XML 1.0 leaves out
  if (/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/u.test(text))
    return `<base64>${Buffer.from(text).toString("base64")}</base64>`;
  return `<string>${escape(text)}</string>`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;" };

function escape(text: string): string {
  return text.replace(/[&<>\r]/gu, (character) => entities[character] ?? character);
}
