import { isObject } from "../asl/json.ts";
import type { Json, JsonObject } from "../asl/types.ts";

/** A way from one state to another. */
export type Edge = {
  readonly from: string;
  readonly to: string;
  readonly kind: "next" | "choice" | "default" | "catch";
  /** The condition of a choice, or the errors of a catcher. */
  readonly label: string;
};

export type Node = {
  readonly name: string;
  readonly type: string;
  /** The branches of a Parallel, the processor of a Map. */
  readonly inner: readonly Graph[];
  readonly isEnd: boolean;
};

/** One level of a machine. */
export type Graph = { readonly startAt: string; readonly nodes: readonly Node[]; readonly edges: readonly Edge[] };

/** Reads a machine's definition, or one branch of it, as a graph. */
export function graphOf(definition: JsonObject): Graph {
  const states = definition["States"];
  const entries = isObject(states) ? Object.entries(states) : [];
  const known = entries.flatMap(([name, state]) => (isObject(state) ? [[name, state] as const] : []));
  return {
    startAt: textOf(definition["StartAt"]),
    nodes: known.map(([name, state]) => nodeOf(name, state)),
    edges: known.flatMap(([name, state]) => edgesOf(name, state)),
  };
}

function nodeOf(name: string, state: JsonObject): Node {
  const branches = [...listOf(state["Branches"]), state["ItemProcessor"] ?? state["Iterator"] ?? null];
  const type = textOf(state["Type"]);
  const isEnd = state["End"] === true || type === "Succeed" || type === "Fail";
  return { name, type, isEnd, inner: branches.filter(isObject).map(graphOf) };
}

function edgesOf(from: string, state: JsonObject): Edge[] {
  const one = (kind: Edge["kind"], to: Json | undefined, label = ""): Edge[] =>
    typeof to === "string" ? [{ from, to, kind, label }] : [];
  return [
    ...one("next", state["Next"]),
    ...listOf(state["Choices"])
      .filter(isObject)
      .flatMap((choice) => one("choice", choice["Next"], conditionOf(choice))),
    ...one("default", state["Default"], "otherwise"),
    ...listOf(state["Catch"])
      .filter(isObject)
      .flatMap((catcher) => one("catch", catcher["Next"], listOf(catcher["ErrorEquals"]).map(textOf).join(", "))),
  ];
}

function conditionOf(choice: JsonObject): string {
  const { Condition } = choice;
  if (typeof Condition === "string") return Condition.replace(/^\{%\s*|\s*%\}$/gu, "");
  const rule = Object.entries(choice).filter(([name]) => name !== "Next" && name !== "Output" && name !== "Assign");
  return JSON.stringify(Object.fromEntries(rule));
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
