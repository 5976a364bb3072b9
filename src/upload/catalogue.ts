import { chmodSync, closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { StoreError, StoreFullError } from "./failures.ts";
import { spareAt } from "./spare.ts";

/** The database of a store: everything but the bytes. */
export type Catalogue = {
  readonly database: DatabaseSync;
  /** All or nothing; joins one that is open. A full disk is `StoreFullError`. */
  readonly transaction: <Result>(work: () => Result) => Result;
  /** Does what frees space, also where there is none left; not inside a transaction. */
  readonly urgently: <Result>(work: () => Result) => Result;
  /** For the next time that `urgently` needs it. */
  readonly keepSpare: () => void;
  readonly getMeta: (key: string) => string | undefined;
  readonly setMeta: (key: string, value: string) => void;
  readonly close: () => void;
};

const version = "1";

const schema = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS directory (path TEXT PRIMARY KEY, parent TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS directory_parent ON directory (parent);
CREATE TABLE IF NOT EXISTS file (
  dir TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, created INTEGER NOT NULL,
  PRIMARY KEY (dir, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS file_sha256 ON file (sha256);
CREATE TABLE IF NOT EXISTS total (
  one INTEGER PRIMARY KEY CHECK (one = 1), files INTEGER NOT NULL, stored INTEGER NOT NULL
) STRICT;
INSERT INTO total SELECT 1, (SELECT count(*) FROM file), coalesce(sum(size), 0)
  FROM (SELECT min(size) AS size FROM file WHERE NOT EXISTS (SELECT 1 FROM total) GROUP BY sha256)
  HAVING NOT EXISTS (SELECT 1 FROM total);
CREATE TRIGGER IF NOT EXISTS file_in AFTER INSERT ON file BEGIN
  UPDATE total SET files = files + 1, stored = stored + iif(EXISTS (
    SELECT 1 FROM file WHERE sha256 = NEW.sha256 AND (dir, name) <> (NEW.dir, NEW.name)), 0, NEW.size);
END;
CREATE TRIGGER IF NOT EXISTS file_out AFTER DELETE ON file BEGIN
  UPDATE total SET files = files - 1,
    stored = stored - iif(EXISTS (SELECT 1 FROM file WHERE sha256 = OLD.sha256), 0, OLD.size);
END;
CREATE TABLE IF NOT EXISTS upload (
  id TEXT PRIMARY KEY, via TEXT NOT NULL, key TEXT, dir TEXT NOT NULL, name TEXT NOT NULL, size INTEGER,
  received INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'active', declared TEXT, sha256 TEXT,
  published_dir TEXT, published_name TEXT, reason TEXT, created INTEGER NOT NULL, touched INTEGER NOT NULL,
  kind TEXT, metadata TEXT, concat TEXT
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS upload_key ON upload (via, key) WHERE key IS NOT NULL AND state <> 'gone';
CREATE INDEX IF NOT EXISTS upload_state ON upload (state, touched);
CREATE INDEX IF NOT EXISTS upload_partial ON upload (state) WHERE kind = 'partial';
CREATE TABLE IF NOT EXISTS range (
  upload TEXT NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
  start INTEGER NOT NULL, stop INTEGER NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (upload, start)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS part (
  upload TEXT NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
  position INTEGER NOT NULL, part TEXT NOT NULL, PRIMARY KEY (upload, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS part_part ON part (part);
`;

/** Opens (or makes) `catalog.db`, mode 0600; a server and a command may have it open at once. */
export function openCatalogue(dir: string): Catalogue {
  const database = openDatabase(join(dir, "catalog.db"));
  const spare = spareAt(dir);
  const urgently = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      if (!isFull(error) || !spare.release()) throw fullError(error);
      return work();
    }
  };
  urgently(() =>
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; ${schema}`),
  );
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const read = database.prepare("SELECT value FROM meta WHERE key = ?");
  const write = database.prepare(
    "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  );

  const transaction = <Result>(work: () => Result): Result => {
    if (database.isTransaction) return work();
    try {
      begin.run();
      const result = work();
      commit.run();
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw fullError(error);
    }
  };
  const getMeta = (key: string) => {
    const value = read.get(key)?.["value"];
    return typeof value === "string" ? value : undefined;
  };
  const setMeta = (key: string, value: string) => urgently(() => transaction(() => void write.run(key, value)));

  const found = getMeta("version");
  if (found === undefined) setMeta("version", version);
  else if (found !== version)
    throw new StoreError(`${dir} has a catalogue of version ${found}, this is version ${version}`);
  return {
    database,
    transaction,
    urgently,
    keepSpare: spare.keep,
    getMeta,
    setMeta,
    close: () => {
      database.close();
      spare.keep();
    },
  };
}

/** Held by the one process that serves a store; the system lets go of it however the process ends. */
export type Lock = { readonly release: () => void };

/** @throws {StoreError} where another process serves the store. */
export function lockStore(dir: string): Lock {
  const database = openDatabase(join(dir, "server.lock"), 0);
  try {
    // In memory, so that it writes nothing: the disk may be full.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;");
  } catch (error) {
    database.close();
    if (codeOf(error) !== busy) throw new StoreError(`${dir} cannot be locked`, { cause: error });
    throw new StoreError(`Another process serves ${dir}`, { hint: "End it, or choose another --dir.", cause: error });
  }
  return { release: () => database.close() };
}

function openDatabase(path: string, timeout = 5000): DatabaseSync {
  try {
    closeSync(openSync(path, "a", 0o600));
    chmodSync(path, 0o600);
    return new DatabaseSync(path, { timeout });
  } catch (error) {
    throw new StoreError(`${path} cannot be opened`, { cause: error });
  }
}

/** SQLITE_BUSY */
const busy = 5;
/** SQLITE_FULL, and the two I/O errors by which a full disk shows in WAL mode. */
const full: readonly unknown[] = [13, 778, 4874];

function isFull(error: unknown): boolean {
  return error instanceof StoreFullError || full.includes(codeOf(error));
}

function fullError(error: unknown): unknown {
  return full.includes(codeOf(error)) ? new StoreFullError("The disk is full", { cause: error }) : error;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "errcode" in error ? error.errcode : undefined;
}

/** A column of a row, with the type the schema gives it. */
export type Row = Record<string, unknown>;

export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new StoreError(`The catalogue's column ${column} is no text`);
  return value;
}

export function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw new StoreError(`The catalogue's column ${column} is no number`);
  return value;
}

export function optional<Value>(
  row: Row,
  column: string,
  read: (row: Row, column: string) => Value,
): Value | undefined {
  return row[column] === null ? undefined : read(row, column);
}
