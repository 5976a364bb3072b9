import type { Visit } from "../execution.ts";
import type { Json, JsonObject } from "../types.ts";
import { mapContext } from "./iterations.ts";
import { isExceeded, thresholdExceeded, type Tolerance } from "./tolerance.ts";

type Preparation = {
  readonly selected: ((item: Json, map: JsonObject) => Promise<Json>) | undefined;
  readonly batch: ((inputs: readonly Json[]) => Promise<readonly Json[]>) | undefined;
};

/** Shows what the iterations would begin with. */
export async function inspectItems(
  visit: Visit,
  items: readonly Json[],
  { selected, batch }: Preparation,
): Promise<void> {
  const inputs: Json[] = [];
  for (const [index, item] of items.entries()) {
    inputs.push(selected === undefined ? item : await selected(item, mapContext(item, index)));
  }
  if (selected !== undefined) visit.inspect?.("afterItemSelector", inputs);
  if (batch !== undefined) visit.inspect?.("afterItemBatcher", [...(await batch(inputs))]);
}

/** TestState's mock in place of the iterations, some of which it takes for failed. */
export async function runMocked(visit: Visit, tolerance: Tolerance, items: readonly Json[] | undefined): Promise<Json> {
  const result = (await visit.substitute?.()) ?? null;
  const total = (items ?? (Array.isArray(result) ? result : [])).length;
  if (isExceeded(tolerance, { failed: visit.failedIterations, total })) throw thresholdExceeded();
  return result;
}
