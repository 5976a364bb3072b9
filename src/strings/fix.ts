import { type Finding, judge, type Judged, placeOf } from "./check.ts";
import type { TypedFile, TypedFiles } from "./project.ts";
import { rewriteSum } from "./rewrite.ts";
import type { Sum } from "./sums.ts";

export type FileFix = {
  readonly path: string;
  readonly former: string;
  /** The new text; `former` where there is nothing to change. */
  readonly text: string;
  readonly fixed: readonly Finding[];
  /** What stays, each with its reason. */
  readonly kept: readonly Finding[];
};

/**
 * Rewrites each sum that is safe to rewrite, in memory.
 *
 * TypeScript then reads the projects again: what would bring a new type error stays as it is.
 */
export function fixFiles(paths: readonly string[], files: TypedFiles, cwd: string): readonly FileFix[] {
  const judged = paths.map((path) => ({ file: files.file(path), sums: judge(files.file(path)).sums }));
  const safe = judged.flatMap(({ file, sums }) =>
    sums.flatMap(({ sum, unsafe }) => (unsafe === undefined ? [{ file, sum }] : [])),
  );
  const accepted = new Set(acceptable(safe, files).map(({ sum }) => sum));
  return judged.map(({ file, sums }) => {
    const taken = sums.filter(({ sum }) => accepted.has(sum));
    const finding = ({ sum, unsafe }: Judged): Finding => ({ ...placeOf(sum.node, file, cwd), kind: sum.kind, unsafe });
    const left = sums.filter(({ sum }) => !accepted.has(sum)).map(finding);
    return {
      path: file.path,
      former: file.source.text,
      text: rewrite(
        file,
        taken.map(({ sum }) => sum),
      ),
      fixed: taken.map(finding),
      kept: left.map((each) => ({ ...each, unsafe: each.unsafe ?? "the types of the program would change" })),
    };
  });
}

type Candidate = { readonly file: TypedFile; readonly sum: Sum };

/** All of them, or as many as TypeScript takes without a new complaint. */
function acceptable(candidates: readonly Candidate[], files: TypedFiles): readonly Candidate[] {
  const paths = [...new Set(candidates.map(({ file }) => file.path))];
  const before = tally(files.errors(paths));
  const accepts = (tried: readonly Candidate[]) => {
    const byFile = Map.groupBy(tried, ({ file }) => file);
    files.pretend(
      new Map(
        Array.from(byFile, ([file, members]) => [
          file.path,
          rewrite(
            file,
            members.map(({ sum }) => sum),
          ),
        ]),
      ),
    );
    return isWithin(tally(files.errors(paths)), before);
  };
  // Halves that are refused are halved again, so that one bad sum costs few questions.
  const take = (taken: readonly Candidate[], more: readonly Candidate[]): readonly Candidate[] => {
    if (more.length === 0) return taken;
    const all = [...taken, ...more];
    if (accepts(all)) return all;
    if (more.length === 1) return taken;
    const half = Math.floor(more.length / 2);
    return take(take(taken, more.slice(0, half)), more.slice(half));
  };
  try {
    return take([], candidates);
  } finally {
    files.pretend(new Map());
  }
}

function rewrite({ source }: TypedFile, accepted: readonly Sum[]): string {
  const { text } = source;
  const sums = accepted.map((sum) => ({ sum, pos: sum.node.getStart(), end: sum.node.end }));
  const render = (pos: number, end: number): string => {
    const inside = sums.filter((each) => each.pos >= pos && each.end <= end);
    const outermost = inside.filter((each) => !inside.some((other) => other !== each && contains(other, each)));
    const ordered = outermost.sort((a, b) => a.pos - b.pos);
    const starts = [pos, ...ordered.map((each) => each.end)];
    const ends = [...ordered.map((each) => each.pos), end];
    return starts
      .flatMap((start, index) => {
        const next = ordered[index];
        return [text.slice(start, ends[index]), next === undefined ? "" : rewriteSum(next.sum, text, render)];
      })
      .join("");
  };
  return render(0, text.length);
}

type Range = { readonly pos: number; readonly end: number };

function contains(outer: Range, inner: Range): boolean {
  return outer.pos <= inner.pos && inner.end <= outer.end;
}

/** How often each complaint is made: positions move with the text. */
function tally(errors: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const error of errors) counts.set(error, (counts.get(error) ?? 0) + 1);
  return counts;
}

function isWithin(now: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): boolean {
  return [...now].every(([error, count]) => count <= (before.get(error) ?? 0));
}
