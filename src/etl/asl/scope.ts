import type { Json, JsonObject } from "./types.ts";

/** What an expression can see. */
export type Scope = {
  /** `$` of JSONPath, `$states.input` of JSONata. */
  readonly input: Json;
  readonly variables: JsonObject;
  /** The Context object; made when it is asked for. */
  readonly context: () => JsonObject;
  /** Draws for intrinsic functions. */
  readonly random: () => number;
  /** `$states.result` */
  readonly result?: Json;
  /** `$states.errorOutput` */
  readonly errorOutput?: Json;
};

/** A field of a definition, ready to be evaluated. */
export type Evaluate = (scope: Scope) => Json | Promise<Json>;

export type QueryLanguage = "JSONPath" | "JSONata";
