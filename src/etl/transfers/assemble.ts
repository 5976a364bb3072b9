import * as z from "zod";

import { MetacoinError } from "../../errors.ts";
import type { HandlerContext } from "../handler.ts";
import { parseEvent } from "../fault.ts";
import { keep, type Reference } from "../reference.ts";

import { connect, readHeader } from "./chain.ts";
import { formats } from "./format.ts";
import { folderOf, jobSchema, type Job } from "./job.ts";
import { gapsOf, parsePart, type Part } from "./part.ts";
import type { Range } from "./refusal.ts";

const eventSchema = z.object({ job: jobSchema });

type Assembled =
  | { readonly canonical: true; readonly rows: number; readonly name: string; readonly file: Reference }
  | { readonly canonical: false };

/**
 * Joins the parts into one file, if the chain still has the block under which they were read.
 *
 * The hash of the last block stands for all blocks below it, so one header answers for every part.
 */
export async function handler(event: unknown, context: HandlerContext): Promise<Assembled> {
  const { job } = parseEvent(eventSchema, event);
  const [top] = job.rungs;
  const header = await readHeader(connect(context).request, job.to);
  if (top === undefined || header?.hash !== top.hash) return { canonical: false };
  const cover = coverOf(await context.store.list(folderOf(job)), job);
  const counted = { rows: 0 };
  const name = nameOf(job, top.hash);
  const content = formats[job.format](linesOf(cover, counted, context));
  const file = await keep(context.store, `output/${name}`, content);
  return { canonical: true, rows: counted.rows, name, file };
}

/** A part, and which of its blocks count. */
type Piece = { readonly part: Part; readonly window: Range };

/** The parts that hold the blocks of the job, each block once. */
function coverOf(names: readonly string[], job: Job): Piece[] {
  const parts = names.map(parsePart).filter((part) => part !== undefined);
  const cover: Piece[] = [];
  let next = job.from;
  for (const part of parts.sort((one, other) => one.from - other.from)) {
    const window = { from: Math.max(next, part.from), to: Math.min(part.to, job.to) };
    if (window.from > window.to) continue;
    cover.push({ part, window });
    next = window.to + 1;
  }
  const [gap] = gapsOf(
    cover.map(({ window }) => window),
    job,
  );
  if (gap !== undefined)
    throw new PartsMissingError(`Blocks ${String(gap.from)} to ${String(gap.to)} were not read, or were removed`);
  return cover;
}

async function* linesOf(
  cover: readonly Piece[],
  counted: { rows: number },
  { store, progress }: HandlerContext,
): AsyncGenerator<string> {
  const total = cover.reduce((sum, { part }) => sum + part.rows, 0);
  for (const { part, window } of cover) {
    if (part.rows === 0) continue;
    const bytes = await store.get(part.name);
    if (bytes === undefined) throw new PartsMissingError(`${part.name} was removed`);
    const text = new TextDecoder().decode(bytes);
    const isWhole = window.from === part.from && window.to === part.to;
    const lines = isWhole ? text : within(text, window);
    counted.rows += isWhole ? part.rows : lines.split("\n").length - 1;
    yield lines;
    progress({ rows: counted.rows, done: counted.rows, total });
  }
}

/** The lines of some blocks of a part. */
function within(text: string, { from, to }: Range): string {
  return text
    .split(/(?<=\n)/u)
    .filter((line) => {
      const block = Number.parseInt(line, 10);
      return block >= from && block <= to;
    })
    .join("");
}

/** The same blocks give the same name, and a replaced last block another one. */
function nameOf({ chainId, address, from, to, format }: Job, hash: string): string {
  return `transfers-${[String(chainId), address.slice(2, 10), String(from), String(to), hash.slice(2, 10)].join("-")}.${format}`;
}

export class PartsMissingError extends MetacoinError {
  override readonly code = "PARTS_MISSING";
}
