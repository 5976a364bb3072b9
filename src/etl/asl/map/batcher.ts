import { objectField } from "../fields.ts";
import { compileJsonata } from "../jsonata/expression.ts";
import type { QueryLanguage, Scope } from "../scope.ts";
import { compileTemplate } from "../template.ts";
import type { Json, JsonObject } from "../types.ts";
import { compileMapNumber } from "./numbers.ts";

/** Groups the items of a Distributed Map; without ItemBatcher every item stands alone. */
export type Batcher = (items: readonly Json[], scope: Scope) => Promise<readonly Json[]>;

export function compileBatcher(definition: JsonObject, language: QueryLanguage): Batcher | undefined {
  const batcher = objectField(definition, "ItemBatcher");
  if (batcher === undefined) return undefined;
  const maxItems = compileMapNumber(batcher, { field: "MaxItemsPerBatch", within: "ItemBatcher", language });
  const maxBytes = compileMapNumber(batcher, { field: "MaxInputBytesPerBatch", within: "ItemBatcher", language });
  const { BatchInput: template } = batcher;
  const batchInput = compileBatchInput(template, language);
  return async (items, scope) => {
    const extra = await batchInput?.(scope);
    const head: JsonObject = extra === undefined ? {} : { BatchInput: extra };
    const limits = {
      // No limit, or 0, leaves it to the other one.
      items: (await maxItems(scope)) || Infinity,
      bytes: Math.min((await maxBytes(scope)) || 262_144, 262_144) - JSON.stringify({ ...head, Items: [] }).length,
    };
    return group(items, limits).map((batch) => ({ ...head, Items: batch }));
  };
}

function compileBatchInput(template: Json | undefined, language: QueryLanguage) {
  if (template === undefined) return undefined;
  return language === "JSONata" ? compileJsonata(template, "ItemBatcher/BatchInput") : compileTemplate(template);
}

function group(items: readonly Json[], limits: { readonly items: number; readonly bytes: number }): Json[][] {
  const batches: Json[][] = [];
  let batch: Json[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (batch.length > 0 && (batch.length >= limits.items || bytes + size > limits.bytes)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  return batch.length > 0 ? [...batches, batch] : batches;
}
