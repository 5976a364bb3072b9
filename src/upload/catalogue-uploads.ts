import { numberOf, optional, textOf, type Catalogue, type Row } from "./catalogue.ts";
import type { FilePath, NewUpload, Protocol, Range, TusFacts, Upload, UploadState } from "./core.ts";
import { GoneError } from "./failures.ts";

/** A range with the crc32 of its bytes. */
export type RangeRow = { readonly range: Range; readonly crc: number };

/** The uploads and their ranges, as rows; bytes are somebody else's. */
export type UploadRows = ReturnType<typeof createUploadRows>;

const protocols: readonly Protocol[] = ["dropzone", "tus", "raw", "drop"];
const states: readonly UploadState[] = ["active", "done", "failed", "gone"];
const kinds: readonly TusFacts["kind"][] = ["whole", "partial", "final"];

export function createUploadRows({ database, transaction, urgently }: Catalogue) {
  const byId = database.prepare("SELECT * FROM upload WHERE id = ?");
  const byKey = database.prepare("SELECT * FROM upload WHERE via = ? AND key = ? AND state <> 'gone'");
  const bySame = database.prepare(
    "SELECT * FROM upload WHERE via = 'raw' AND state = 'active' AND dir = ? AND name = ? AND size = ? AND declared = ? ORDER BY created LIMIT 1",
  );
  const all = database.prepare("SELECT * FROM upload ORDER BY created DESC, id");
  const inState = database.prepare("SELECT * FROM upload WHERE state = ? ORDER BY created DESC, id");
  const holding = database.prepare(
    "SELECT * FROM upload WHERE state = 'active' UNION ALL SELECT * FROM upload WHERE state = 'done' AND kind = 'partial'",
  );
  const forget = database.prepare("DELETE FROM upload WHERE state IN ('done', 'failed', 'gone') AND touched < ?");
  const insert = database.prepare(
    "INSERT INTO upload (id, via, key, dir, name, size, declared, created, touched, kind, metadata, concat) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const insertPart = database.prepare("INSERT INTO part VALUES (?, ?, ?)");
  const parts = database.prepare("SELECT part FROM part WHERE upload = ? ORDER BY position");
  const finalsOf = database.prepare("SELECT DISTINCT upload FROM part WHERE part = ?");
  const rangesOf = database.prepare("SELECT start, stop, crc FROM range WHERE upload = ? ORDER BY start");
  const putRange = database.prepare(
    "INSERT INTO range VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET stop = excluded.stop, crc = excluded.crc",
  );
  const dropRange = database.prepare("DELETE FROM range WHERE upload = ? AND start = ?");
  const dropRanges = database.prepare("DELETE FROM range WHERE upload = ?");
  const addReceived = database.prepare(
    "UPDATE upload SET received = received + ?, touched = ? WHERE id = ? AND state = 'active'",
  );
  const recount = database.prepare(
    "UPDATE upload SET received = (SELECT coalesce(sum(stop - start), 0) FROM range WHERE upload = id) WHERE id = ?",
  );
  const extent = database.prepare(
    "SELECT coalesce(sum(stop - start), 0) AS total, coalesce(min(start), 0) AS low, coalesce(max(stop), 0) AS high FROM range WHERE upload = ?",
  );
  const setSize = database.prepare("UPDATE upload SET size = ?, touched = ? WHERE id = ?");
  const setState = database.prepare("UPDATE upload SET state = ?, reason = ?, touched = ? WHERE id = ?");
  const setReason = database.prepare("UPDATE upload SET reason = ? WHERE id = ?");
  const touchRow = database.prepare("UPDATE upload SET touched = ? WHERE id = ?");
  const setDone = database.prepare(
    "UPDATE upload SET state = 'done', sha256 = ?, published_dir = ?, published_name = ?, reason = NULL, touched = ? WHERE id = ?",
  );
  const counted = database.prepare("SELECT state, count(*) AS count FROM upload GROUP BY state");
  const room = database.prepare(
    "SELECT count(*) AS open, coalesce(sum(received), 0) AS received, coalesce(sum(max(0, size - received)), 0) AS pending FROM upload WHERE state = 'active'",
  );
  const kept = database.prepare(
    "SELECT coalesce(sum(received), 0) AS kept FROM upload WHERE state = 'done' AND kind = 'partial'",
  );

  const toUpload = (row: Row): Upload => {
    const id = textOf(row, "id");
    const kind = kinds.find((one) => one === row["kind"]);
    const publishedName = optional(row, "published_name", textOf);
    return {
      id,
      via: protocols.find((one) => one === row["via"]) ?? "raw",
      key: optional(row, "key", textOf),
      dir: textOf(row, "dir"),
      name: textOf(row, "name"),
      size: optional(row, "size", numberOf),
      received: numberOf(row, "received"),
      state: states.find((one) => one === row["state"]) ?? "failed",
      declared: optional(row, "declared", textOf),
      sha256: optional(row, "sha256", textOf),
      published: publishedName === undefined ? undefined : { dir: textOf(row, "published_dir"), name: publishedName },
      reason: optional(row, "reason", textOf),
      createdMs: numberOf(row, "created"),
      touchedMs: numberOf(row, "touched"),
      tus:
        kind === undefined
          ? undefined
          : {
              kind,
              metadata: optional(row, "metadata", textOf),
              concat: optional(row, "concat", textOf),
              parts: kind === "final" ? parts.all(id).map((part) => textOf(part, "part")) : [],
            },
    };
  };
  const maybe = (row: Row | undefined) => (row === undefined ? undefined : toUpload(row));
  const find = (id: string) => maybe(byId.get(id));

  return {
    find,
    findByKey: (via: Protocol, key: string) => maybe(byKey.get(via, key)),
    findSame: (file: FilePath & { readonly size: number; readonly sha256: string }) =>
      maybe(bySame.get(file.dir, file.name, file.size, file.sha256)),
    list: (state?: UploadState) => (state === undefined ? all.all() : inState.all(state)).map(toUpload),
    /** Those whose bytes are in incoming/: active ones, and finished tus partials. */
    holding: () => holding.all().map(toUpload),
    /** Its bytes may go then. */
    end: (id: string, reason: string, nowMs: number): void =>
      urgently(() => transaction(() => void setState.run("gone", reason, nowMs, id))),
    /** Drops the rows of what is over, and was so before. */
    forget: (beforeMs: number): void => urgently(() => transaction(() => void forget.run(beforeMs))),
    finalsOf: (part: string) => finalsOf.all(part).map((row) => textOf(row, "upload")),
    ranges: (id: string): RangeRow[] =>
      rangesOf
        .all(id)
        .map((row) => ({ range: [numberOf(row, "start"), numberOf(row, "stop")], crc: numberOf(row, "crc") })),

    create: (id: string, { via, key, dir, name, size, declared, tus }: NewUpload, nowMs: number): void =>
      transaction(() => {
        insert.run(
          id,
          via,
          key ?? null,
          dir,
          name,
          size ?? null,
          declared ?? null,
          nowMs,
          nowMs,
          tus?.kind ?? null,
          tus?.metadata ?? null,
          tus?.concat ?? null,
        );
        for (const [position, part] of (tus?.parts ?? []).entries()) insertPart.run(id, position, part);
      }),
    /** @param bytes how many of them are new. */
    record: (id: string, rows: readonly RangeRow[], bytes: number, nowMs: number): void =>
      transaction(() => {
        if (addReceived.run(bytes, nowMs, id).changes === 0) throw new GoneError("The upload was removed meanwhile");
        for (const { range, crc } of rows) putRange.run(id, range[0], range[1], crc);
      }),
    dropRanges: (id: string, starts?: readonly number[]): void =>
      transaction(() => {
        if (starts === undefined) dropRanges.run(id);
        else for (const start of starts) dropRange.run(id, start);
        recount.run(id);
      }),
    /** Whether the rows (which never overlap) are exactly `[0, size)`. */
    isWhole: (id: string, size: number): boolean => {
      const row = extent.get(id) ?? {};
      return numberOf(row, "total") === size && numberOf(row, "low") === 0 && numberOf(row, "high") === size;
    },
    setSize: (id: string, size: number, nowMs: number) => transaction(() => void setSize.run(size, nowMs, id)),
    setState: (id: string, state: UploadState, reason: string | undefined, nowMs: number) =>
      transaction(() => void setState.run(state, reason ?? null, nowMs, id)),
    setReason: (id: string, reason: string) => transaction(() => void setReason.run(reason, id)),
    touch: (id: string, nowMs: number) => transaction(() => void touchRow.run(nowMs, id)),
    setDone: (id: string, sha256: string | undefined, published: FilePath | undefined, nowMs: number) =>
      transaction(() => void setDone.run(sha256 ?? null, published?.dir ?? null, published?.name ?? null, nowMs, id)),
    count: (): Record<UploadState, number> => {
      const counts = { active: 0, done: 0, failed: 0, gone: 0 };
      for (const row of counted.all()) {
        const state = states.find((one) => one === row["state"]);
        if (state !== undefined) counts[state] = numberOf(row, "count");
      }
      return counts;
    },
    /** What active uploads have and still need, and what finished partials hold. */
    room: () => {
      const row = room.get() ?? {};
      return {
        open: numberOf(row, "open"),
        received: numberOf(row, "received"),
        pending: numberOf(row, "pending"),
        kept: numberOf(kept.get() ?? {}, "kept"),
      };
    },
  };
}
