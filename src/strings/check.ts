import { relative } from "node:path";

import { type Node } from "typescript/unstable/ast";

import type { TypedFile } from "./project.ts";
import { reasonAgainst } from "./safety.ts";
import { findSums, kindsReader, type Sum, type SumKind } from "./sums.ts";

/** A place in a file; line and column count from 1. */
export type Place = { readonly file: string; readonly line: number; readonly column: number; readonly text: string };

export type Finding = Place & {
  readonly kind: SumKind;
  /** Why `--fix` leaves it alone; undefined where a template means the same. */
  readonly unsafe: string | undefined;
};

export type FileReport = {
  readonly found: readonly Finding[];
  /** Sums that may join strings: an operand is `any`. */
  readonly unknown: readonly Place[];
};

/** What a file says with `+` that a template should say. */
export function checkFile(file: TypedFile, cwd: string): FileReport {
  const { sums, unknown } = judge(file);
  return {
    found: sums.map(({ sum, unsafe }) => ({ ...placeOf(sum.node, file, cwd), kind: sum.kind, unsafe })),
    unknown: unknown.map((node) => placeOf(node, file, cwd)),
  };
}

/** A sum, and why it must stay. */
export type Judged = { readonly sum: Sum; readonly unsafe: string | undefined };

/** Every sum of a file, judged. */
export function judge(file: TypedFile): { readonly sums: readonly Judged[]; readonly unknown: readonly Node[] } {
  const kindsAt = kindsReader(file);
  const { strings, unknown } = findSums(file, kindsAt);
  return { sums: strings.map((sum) => ({ sum, unsafe: reasonAgainst(sum, file, kindsAt) })), unknown };
}

export function placeOf(node: Node, { path, source }: TypedFile, cwd: string): Place {
  const { line, character } = source.getLineAndCharacterOfPosition(node.getStart());
  const text = node.getText().replaceAll(/\s+/gu, " ");
  return { file: relative(cwd, path), line: line + 1, column: character + 1, text };
}
