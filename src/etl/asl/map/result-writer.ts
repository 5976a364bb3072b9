import type { Visit } from "../execution.ts";
import { StatesError } from "../failure.ts";
import { objectField, textField } from "../fields.ts";
import { compileJsonata } from "../jsonata/expression.ts";
import type { QueryLanguage, Scope } from "../scope.ts";
import { compileTemplate } from "../template.ts";
import type { ChildResult, Json, JsonObject } from "../types.ts";

/** Makes a Distributed Map's result of what its child executions gave. */
export type ResultWriter = (
  visit: Visit,
  scope: Scope,
  run: { readonly mapRunArn: string; readonly results: readonly ChildResult[] },
) => Promise<Json>;

export function compileResultWriter(definition: JsonObject, language: QueryLanguage): ResultWriter {
  const writer = objectField(definition, "ResultWriter");
  const resource = writer && textField(writer, "Resource");
  const config = (writer && objectField(writer, "WriterConfig")) ?? {};
  if (writer === undefined || resource === undefined)
    return async (_visit, _scope, { results }) => transform(results, config);
  const template = (language === "JSONata" ? writer["Arguments"] : writer["Parameters"]) ?? {};
  const parameters =
    language === "JSONata" ? compileJsonata(template, "ResultWriter/Arguments") : compileTemplate(template);
  return async (visit, scope, { mapRunArn, results }) => {
    const { writeResults } = visit.branch.execution.options;
    if (writeResults === undefined) throw writerFailed(`No writer is at hand for ${resource}`);
    const target = {
      stateName: visit.state,
      mapRunArn,
      resource,
      writerConfig: config,
      parameters: await parameters(scope),
    };
    try {
      return await writeResults(target, results);
    } catch (error) {
      throw writerFailed(error instanceof Error ? error.message : String(error));
    }
  };
}

/** Without a place to write to, the results are the Map's own output. */
function transform(results: readonly ChildResult[], config: JsonObject): Json {
  const transformation = textField(config, "Transformation") ?? "COMPACT";
  if (transformation === "NONE") return results.map(exported);
  const outputs = results.filter((result) => result.status === "SUCCEEDED").map(({ output }) => output);
  return transformation === "FLATTEN" ? outputs.flat() : outputs;
}

function exported(result: ChildResult): JsonObject {
  const { name, input, status } = result;
  const end: JsonObject =
    status === "SUCCEEDED" ? { Output: JSON.stringify(result.output) } : { Error: result.error, Cause: result.cause };
  return { Name: name, Input: JSON.stringify(input), Status: status, ...end };
}

function writerFailed(cause: string): StatesError {
  return new StatesError({ error: "States.ResultWriterFailed", cause, placed: true });
}
