import { compileErrorHandling, runHandled } from "../error-handling.ts";
import type { Visit } from "../execution.ts";
import { queryError, runtimeError } from "../failure.ts";
import { objectField, textField } from "../fields.ts";
import { compileJsonPathFlow } from "../json-path-flow.ts";
import { compileJsonata } from "../jsonata/expression.ts";
import { compileTypedJsonata } from "../jsonata/typed.ts";
import { compileJsonataFlow } from "../jsonata-flow.ts";
import { compileBatcher } from "../map/batcher.ts";
import { runDistributed } from "../map/distributed.ts";
import { compileItemReader } from "../map/item-reader.ts";
import { runInline } from "../map/iterations.ts";
import { inspectItems, runMocked } from "../map/mocked.ts";
import { compileMapNumber } from "../map/numbers.ts";
import { compileResultWriter } from "../map/result-writer.ts";
import { compileTolerance } from "../map/tolerance.ts";
import type { Evaluate, QueryLanguage } from "../scope.ts";
import type { CompileContext, CompileState } from "../state.ts";
import { compilePath, compileTemplate } from "../template.ts";
import type { Json, JsonObject } from "../types.ts";

/** Map: the same states for every item, in this execution or in child executions. */
export const compileMap: CompileState = (definition, context) => {
  const { language } = context;
  const handling = compileErrorHandling(definition, language);
  const work = compileWork(definition, context);
  if (language === "JSONata") {
    const flow = compileJsonataFlow(definition);
    return (visit) => runHandled(visit, handling, async () => flow.leave(visit, await work(visit, visit.input)));
  }
  const flow = compileJsonPathFlow(definition, ["afterInputPath", "afterResultSelector", "afterResultPath"]);
  return (visit) =>
    runHandled(visit, handling, async () => {
      const result = await work(visit, flow.enter(visit));
      return flow.leave(visit, { result, assignFrom: result });
    });
};

/** All of the iterations; `input` is the effective input. */
type Work = (visit: Visit, input: Json) => Promise<Json>;

function compileWork(definition: JsonObject, { name, language, compileGraph }: CompileContext): Work {
  const processor = objectField(definition, "ItemProcessor") ?? objectField(definition, "Iterator") ?? {};
  const graph = compileGraph(processor);
  const isDistributed = textField(objectField(processor, "ProcessorConfig") ?? {}, "Mode") === "DISTRIBUTED";
  const items = compileItems(definition, language);
  const select = compileSelector(definition, language);
  const refuse = language === "JSONata" ? queryError : runtimeError;
  const concurrency = compileMapNumber(definition, { field: "MaxConcurrency", language });
  const tolerance = compileTolerance(definition, language);
  const reader = compileItemReader(definition, language);
  const batcher = compileBatcher(definition, language);
  const writer = compileResultWriter(definition, language);
  const label = textField(definition, "Label") ?? name.replaceAll(/[^\w-]/gu, "");

  return async (visit, input) => {
    const scope = visit.scope(input);
    const selected = async (item: Json, map: JsonObject) =>
      select === undefined ? item : select(visit.scope(input, { map }));
    const batch = batcher && (async (inputs: readonly Json[]) => batcher(inputs, scope));
    const maxConcurrency = (await concurrency(scope)) ?? 0;
    if (maxConcurrency < 0) throw refuse("MaxConcurrency cannot be negative.");
    visit.inspect?.("maxConcurrency", maxConcurrency);
    const tolerated = await tolerance(scope);
    if (tolerated.count !== undefined) visit.inspect?.("toleratedFailureCount", tolerated.count);
    if (tolerated.percentage !== undefined) visit.inspect?.("toleratedFailurePercentage", tolerated.percentage);
    const given = reader === undefined ? await items(visit, input) : undefined;
    if (visit.substitute !== undefined) {
      const shown = given ?? (visit.readerData === undefined ? undefined : await reader?.(visit, scope));
      if (shown !== undefined) await inspectItems(visit, shown, { selected: select && selected, batch });
      return runMocked(visit, tolerated, shown);
    }
    if (given !== undefined && !isDistributed) {
      return runInline(visit, { graph, items: given, select: selected, maxConcurrency });
    }
    return runDistributed(visit, {
      graph,
      label,
      maxConcurrency,
      tolerance: tolerated,
      select: selected,
      read: async () => given ?? (await reader?.(visit, scope)) ?? [],
      batch,
      write: async (mapRunArn, results) => writer(visit, scope, { mapRunArn, results }),
    });
  };
}

type Items = (visit: Visit, input: Json) => Promise<Json[]>;

function compileItems(definition: JsonObject, language: QueryLanguage): Items {
  if (language === "JSONata") {
    const { Items: template } = definition;
    const evaluate = template === undefined ? undefined : compileTypedJsonata(template, "Items", "array");
    return async (visit, input) => {
      const value = evaluate === undefined ? input : await evaluate(visit.scope(input));
      if (!Array.isArray(value)) throw runtimeError("The input of the Map state must be an array.");
      return value;
    };
  }
  const source = textField(definition, "ItemsPath");
  const path = compilePath(source ?? "$");
  return async (visit, input) => {
    const value = path(visit.scope(input));
    if (!Array.isArray(value)) throw runtimeError(`Reference path "${source ?? "$"}" must point to array.`);
    if (source !== undefined) visit.inspect?.("afterItemsPath", value);
    return value;
  };
}

function compileSelector(definition: JsonObject, language: QueryLanguage): Evaluate | undefined {
  const template = definition["ItemSelector"] ?? definition["Parameters"];
  if (template === undefined) return undefined;
  return language === "JSONata" ? compileJsonata(template, "ItemSelector") : compileTemplate(template);
}
