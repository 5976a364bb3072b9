import { isObject } from "../json.ts";
import type { Json } from "../types.ts";

/**
 * The names that an expression reads from the context at its top level, where AWS has none: a bare `phone`, or `$$`.
 * Steps after the first, predicates, sort terms and groups have a context of their own.
 *
 * @param node a node of JSONata's syntax tree
 */
export function topLevelReferences(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(topLevelReferences);
  if (!isObject(node)) return [];
  const { type, value } = node;
  switch (typeof type === "string" ? type : "") {
    case "name":
      return typeof value === "string" ? [value] : [];
    case "variable":
      return value === "$" ? ["$$"] : [];
    case "path":
      return topLevelReferences(firstOf(node["steps"]));
    case "unary":
      return topLevelReferences([node["expression"] ?? null, node["expressions"] ?? null, node["lhs"] ?? null]);
    case "binary":
    case "apply":
    case "bind":
      return topLevelReferences([node["lhs"] ?? null, node["rhs"] ?? null]);
    case "function":
    case "partial":
      return topLevelReferences([node["procedure"] ?? null, node["arguments"] ?? null]);
    case "condition":
      return topLevelReferences([node["condition"] ?? null, node["then"] ?? null, node["else"] ?? null]);
    case "block":
      return topLevelReferences(node["expressions"]);
    case "lambda":
      return topLevelReferences(node["body"]);
    default:
      return [];
  }
}

function firstOf(steps: Json | undefined): Json {
  return Array.isArray(steps) ? (steps[0] ?? null) : null;
}
