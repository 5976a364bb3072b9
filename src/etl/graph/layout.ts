import type { Edge, Graph, Node } from "./model.ts";

/** A state with its place; a container's inner graphs are placed within it. */
export type Placed = {
  readonly node: Node;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly inner: readonly (Layout & { readonly x: number; readonly y: number })[];
};

export type Layout = {
  readonly width: number;
  readonly height: number;
  readonly placed: readonly Placed[];
  readonly edges: readonly Edge[];
};

const letter = 8;
const rowHeight = 40;
const gap = { x: 28, y: 44, inside: 16, title: 30 } as const;

/** Places a graph in rows: each state below all states that lead to it, ways back apart. */
export function layOut(graph: Graph): Layout {
  const rows = rowsOf(graph);
  const sized = new Map(graph.nodes.map((node) => [node.name, sizeOf(node)]));
  const widthOf = (row: readonly Node[]) =>
    row.reduce((sum, { name }) => sum + (sized.get(name)?.width ?? 0) + gap.x, -gap.x);
  const width = Math.max(0, ...rows.map(widthOf));
  const placed: Placed[] = [];
  let y = 0;
  for (const row of rows) {
    let x = (width - widthOf(row)) / 2;
    const height = Math.max(...row.map(({ name }) => sized.get(name)?.height ?? 0));
    for (const node of row) {
      const size = sized.get(node.name);
      if (size === undefined) continue;
      placed.push({ node, x, y, ...size });
      x += size.width + gap.x;
    }
    y += height + gap.y;
  }
  return { width, height: Math.max(0, y - gap.y), placed, edges: graph.edges };
}

function sizeOf(node: Node): Pick<Placed, "width" | "height" | "inner"> {
  const title = Math.max(110, node.name.length * letter + 36);
  if (node.inner.length === 0) return { width: title, height: rowHeight, inner: [] };
  let x: number = gap.inside;
  const inner = node.inner.map((graph) => {
    const layout = { ...layOut(graph), x, y: gap.title + gap.inside / 2 };
    x += layout.width + gap.inside;
    return layout;
  });
  const height = Math.max(...inner.map((layout) => layout.height)) + gap.title + gap.inside * 1.5;
  return { width: Math.max(title, x), height, inner };
}

/** The longest way from the start decides the row; a way back to an earlier state decides nothing. */
function rowsOf({ startAt, nodes, edges }: Graph): Node[][] {
  const depth = new Map<string, number>();
  const path = new Set<string>();
  const visit = (name: string, at: number) => {
    if (path.has(name) || (depth.get(name) ?? -1) >= at) return;
    depth.set(name, at);
    path.add(name);
    for (const { from, to } of edges) if (from === name) visit(to, at + 1);
    path.delete(name);
  };
  visit(startAt, 0);
  const rows: Node[][] = [];
  for (const node of nodes) (rows[depth.get(node.name) ?? 0] ??= []).push(node);
  return rows.filter((row) => row.length > 0);
}
