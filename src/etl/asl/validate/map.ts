import { isObject } from "../json.ts";
import type { JsonObject } from "../types.ts";
import type { Check, Place } from "./findings.ts";
import { checkObject, list, object, type Shape } from "./objects.ts";
import { anything, integer, isText, oneOf, path, template } from "./values.ts";

const readerConfig = object(({ language }) => ({
  exclusive: [["MaxItems", "MaxItemsPath"]],
  fields: {
    InputType: oneOf("CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"),
    CSVHeaderLocation: oneOf("FIRST_ROW", "GIVEN"),
    CSVHeaders: list(isText),
    CSVDelimiter: oneOf("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"),
    MaxItems: integer(0, 100_000_000),
    ManifestType: isText,
    Transformation: isText,
    ItemsPointer: isText,
    ...(language === "JSONPath" ? { MaxItemsPath: path } : {}),
  },
}));

const itemReader = object(({ language }) => ({
  required: ["Resource"],
  fields: { Resource: isText, ReaderConfig: readerConfig, [argumentsField(language)]: template },
}));

const itemBatcher = object(({ language }) => ({
  exclusive: [
    ["MaxItemsPerBatch", "MaxItemsPerBatchPath"],
    ["MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"],
  ],
  fields: {
    BatchInput: template,
    MaxItemsPerBatch: integer(0),
    MaxInputBytesPerBatch: integer(0, 262_144),
    ...(language === "JSONPath" ? { MaxItemsPerBatchPath: path, MaxInputBytesPerBatchPath: path } : {}),
  },
}));

const resultWriter = object(({ language }) => ({
  fields: {
    Resource: isText,
    [argumentsField(language)]: template,
    WriterConfig: object({
      fields: { Transformation: oneOf("NONE", "COMPACT", "FLATTEN"), OutputType: oneOf("JSON", "JSONL") },
    }),
  },
}));

function argumentsField(language: string): string {
  return language === "JSONata" ? "Arguments" : "Parameters";
}

/** The fields that only a Map has. */
export function mapFields(graph: Check): Shape["fields"] {
  return {
    ItemProcessor: graph,
    Iterator: graph,
    ItemReader: itemReader,
    ItemBatcher: itemBatcher,
    ResultWriter: resultWriter,
    ItemSelector: template,
    MaxConcurrency: integer(0),
    ToleratedFailureCount: integer(0),
    Label: label,
  };
}

const label: Check = (value, place) => {
  isText(value, place);
  if (typeof value === "string" && value.length > 40)
    place.findings.error(place.location, "A label has at most 40 characters");
};

/** ProcessorConfig of an ItemProcessor. */
export const processorConfig: Check = (value, place) => {
  const shape: Shape = {
    fields: { Mode: oneOf("INLINE", "DISTRIBUTED"), ExecutionType: oneOf("STANDARD", "EXPRESS"), Label: anything },
  };
  if (!isObject(value)) return place.findings.error(place.location, "Expected value of type [OBJECT]");
  checkObject(value, place, shape);
  if (value["Mode"] !== "DISTRIBUTED") return;
  if (value["ExecutionType"] === undefined)
    place.findings.error(place.location, "These fields are required: [ExecutionType]");
  if (place.type === "EXPRESS")
    place.findings.error(place.location, "Express state machine does not support Distributed Map");
};

/** What only a Distributed Map may have. */
export function checkMapMode(definition: JsonObject, { findings, location }: Place): void {
  const processor = definition["ItemProcessor"] ?? definition["Iterator"];
  const config = isObject(processor) ? processor["ProcessorConfig"] : undefined;
  const isDistributed = isObject(config) && config["Mode"] === "DISTRIBUTED";
  if (isDistributed) return;
  for (const field of ["ItemReader", "ItemBatcher", "ResultWriter"]) {
    if (definition[field] !== undefined)
      findings.error(`${location}/${field}`, `Field '${field}' needs a Map in DISTRIBUTED mode`);
  }
}
