import { createHash } from "node:crypto";

import * as z from "zod";

import { parseEvent } from "../fault.ts";
import type { HandlerContext } from "../handler.ts";
import type { Store } from "../store.ts";

import { connect } from "./chain.ts";
import { folderOf, jobSchema, transferTopic } from "./job.ts";
import { createLimits, learnedSchema, mergeLearned, nothingLearned, type Learned } from "./limits.ts";
import { gapsOf, parsePart, partName, rungFor } from "./part.ts";
import { readLogs } from "./read-logs.ts";
import { lengthOf, type Range } from "./refusal.ts";
import { rowsOf } from "./row.ts";

const eventSchema = z.object({ job: jobSchema, piece: z.object({ from: z.int(), to: z.int() }) });

/**
 * Reads the logs of one piece; each range that was answered becomes a part on disk, while others are asked for.
 *
 * @returns `replaced` where the chain was reorganised meanwhile: a new plan is needed.
 */
export async function handler(
  event: unknown,
  context: HandlerContext,
): Promise<{ readonly rows: number; readonly replaced: boolean }> {
  const { job, piece } = parseEvent(eventSchema, event);
  const { store, progress } = context;
  const folder = folderOf(job);
  const gaps = gapsOf(await knownParts(store, folder), piece);
  const total = lengthOf(piece);
  let done = total - gaps.reduce((sum, gap) => sum + lengthOf(gap), 0);
  let rows = 0;
  let replaced = false;
  const lessons = `limits/${digestOf(context.env["RPC_URL"] ?? "")}/`;
  const ownLesson = `${lessons}${job.address}.json`;
  const limits = createLimits(job.address, await readLessons(store, lessons));
  const savePart = async (name: string, lines: string, range: Range, count: number) => {
    await store.put(name, lines);
    done += lengthOf(range);
    rows += count;
    progress({ rows, done, total });
  };
  await readLogs({
    request: connect(context).once,
    address: job.address,
    topic: transferTopic,
    gaps,
    limits,
    sleep: context.sleep,
    // Not async: the logs and rows are garbage already while the part is written.
    onLogs(range, logs) {
      const found = rowsOf(logs, range, job.address);
      const rung = rungFor(range, job.rungs);
      replaced ||= found.some(({ block, blockHash }) => block === rung.number && blockHash !== rung.hash);
      if (replaced) return Promise.resolve();
      const name = partName(folder, range, found.length, rung);
      return savePart(name, found.map(({ line }) => line).join(""), range, found.length);
    },
    onRefusal: async () => saveLesson(store, ownLesson, limits.learned()),
  });
  await saveLesson(store, ownLesson, limits.learned());
  return { rows, replaced };
}

async function knownParts(store: Store, folder: string) {
  const names = await store.list(folder);
  return names.map(parsePart).filter((part) => part !== undefined);
}

/** What is known of an endpoint: a file a contract, since the runs of two contracts may write at the same time. */
async function readLessons(store: Store, folder: string): Promise<Learned> {
  const lessons = await Promise.all((await store.list(folder)).map((name) => readLesson(store, name)));
  return lessons.reduce(mergeLearned, nothingLearned);
}

async function readLesson(store: Store, name: string): Promise<Learned> {
  const bytes = await store.get(name);
  return bytes === undefined ? nothingLearned : learnedSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

async function saveLesson(store: Store, name: string, learned: Learned): Promise<void> {
  const merged = mergeLearned(await readLesson(store, name), learned);
  await store.put(name, JSON.stringify(merged));
}

/** The endpoint's address may hold a key: only its digest names a folder. */
function digestOf(url: string): string {
  return createHash("sha256").update(url).digest("hex").slice(0, 16);
}
