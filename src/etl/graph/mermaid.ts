import type { Graph } from "./model.ts";

/** The machine as a Mermaid state diagram, for Markdown. */
export function toMermaid(graph: Graph): string {
  const ids = new Map<string, string>();
  const idOf = (name: string) => {
    const id = ids.get(name) ?? `s${String(ids.size + 1)}`;
    ids.set(name, id);
    return id;
  };
  return ["stateDiagram-v2", ...level(graph, idOf, "  ")].join("\n");
}

function level({ startAt, nodes, edges }: Graph, idOf: (name: string) => string, indent: string): string[] {
  return [
    `${indent}[*] --> ${idOf(startAt)}`,
    ...nodes.flatMap(({ name, inner, isEnd }) => [
      `${indent}state "${name.replaceAll('"', "'")}" as ${idOf(name)}`,
      ...(inner.length === 0
        ? []
        : [
            `${indent}state ${idOf(name)} {`,
            ...inner.flatMap((graph, at) => [
              ...(at === 0 ? [] : [`${indent}  --`]),
              ...level(graph, idOf, `${indent}  `),
            ]),
            `${indent}}`,
          ]),
      ...(isEnd ? [`${indent}${idOf(name)} --> [*]`] : []),
    ]),
    ...edges.map(({ from, to, kind, label }) => {
      const text = kind === "catch" ? `catch ${label}` : label;
      return `${indent}${idOf(from)} --> ${idOf(to)}${text === "" ? "" : `: ${plain(text)}`}`;
    }),
  ];
}

/** Mermaid reads `;` and `#` as its own, and a colon ends a label. */
function plain(text: string): string {
  return text.replaceAll(/[;#:\n]/gu, " ").slice(0, 80);
}
