import type { Visit } from "../execution.ts";
import { StatesError, StoppedError } from "../failure.ts";
import { objectField, textField, textsField } from "../fields.ts";
import { isObject, parseJson } from "../json.ts";
import { compileJsonata } from "../jsonata/expression.ts";
import type { QueryLanguage, Scope } from "../scope.ts";
import { compileTemplate } from "../template.ts";
import type { Json, JsonObject } from "../types.ts";
import { readRecords } from "./csv.ts";
import { compileMapNumber } from "./numbers.ts";

/** Reads the items of a Distributed Map from outside of the machine. */
export type ItemReader = (visit: Visit, scope: Scope) => Promise<Json[]>;

/** AWS reads no more items than this. */
const mostItems = 100_000_000;

export function compileItemReader(definition: JsonObject, language: QueryLanguage): ItemReader | undefined {
  const reader = objectField(definition, "ItemReader");
  if (reader === undefined) return undefined;
  const config = objectField(reader, "ReaderConfig") ?? {};
  const maxItems = compileMapNumber(config, { field: "MaxItems", within: "ItemReader/ReaderConfig", language });
  const template = (language === "JSONata" ? reader["Arguments"] : reader["Parameters"]) ?? {};
  const parameters =
    language === "JSONata" ? compileJsonata(template, "ItemReader/Arguments") : compileTemplate(template);
  const resource = textField(reader, "Resource") ?? "";
  return async (visit, scope) => {
    const { readItems } = visit.branch.execution.options;
    const most = (await maxItems(scope)) ?? 0;
    const source = { stateName: visit.state, resource, readerConfig: config, parameters: await parameters(scope) };
    if (most < 0) throw readerFailed("field MaxItems must be positive");
    const read = async () => {
      if (readItems === undefined) throw readerFailed(`No reader is at hand for ${resource}`);
      return visit.branch.cancellation.guard(readItems(source)).catch(rethrow);
    };
    const data = visit.readerData ?? (await read());
    const items = Array.isArray(data)
      ? data
      : parseItems(typeof data === "string" ? data : new TextDecoder().decode(data), config);
    if (config["ItemsPointer"] !== undefined) visit.inspect?.("afterItemsPointer", items);
    return items.slice(0, Math.min(most === 0 ? mostItems : most, mostItems));
  };
}

function rethrow(error: unknown): never {
  if (error instanceof StatesError || error instanceof StoppedError) throw error;
  throw readerFailed(error instanceof Error ? error.message : String(error));
}

function parseItems(text: string, config: JsonObject): Json[] {
  const type = textField(config, "InputType");
  if (type === "CSV") return parseCsv(text, config);
  if (type !== "JSONL") return listOf(pointedAt(parseText(text), textField(config, "ItemsPointer")));
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map(parseText);
}

/** Missing fields become empty texts, surplus ones are dropped, wholly empty lines are skipped. */
function parseCsv(text: string, config: JsonObject): Json[] {
  const delimiter = delimiters[textField(config, "CSVDelimiter") ?? "COMMA"] ?? ",";
  const rows = readRecords(text.replace(/^\uFEFF/u, ""), delimiter);
  const given = textField(config, "CSVHeaderLocation") === "GIVEN";
  const headers = given ? textsField(config, "CSVHeaders") : (rows[0] ?? []);
  if (new Set(headers).size < headers.length) throw readerFailed("CSV headers cannot contain duplicates.");
  return rows
    .slice(given ? 0 : 1)
    .map((row) => Object.fromEntries(headers.map((header, index) => [header, row[index] ?? ""])));
}

const delimiters: Record<string, string | undefined> = { COMMA: ",", PIPE: "|", SEMICOLON: ";", SPACE: " ", TAB: "\t" };

function parseText(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw readerFailed(`The items are not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** ItemsPointer is a JSON pointer into the document. */
function pointedAt(document: Json, pointer: string | undefined): Json {
  if (pointer === undefined) return document;
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<Json>((value, part) => {
      const next = Array.isArray(value) ? value[Number(part)] : isObject(value) ? value[part] : undefined;
      if (next === undefined) throw nothingThere();
      return next;
    }, document);
}

/** Unlike what else may be wrong with the items, this names the state. */
function nothingThere(): StatesError {
  const cause = "The provided ReaderConfig.ItemsPointer does not match any valid path in the JSON structure.";
  return new StatesError({ error: "States.ItemReaderFailed", cause });
}

function listOf(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  throw readerFailed("Attempting to map over non-iterable node.");
}

function readerFailed(cause: string): StatesError {
  return new StatesError({ error: "States.ItemReaderFailed", cause, placed: true });
}
