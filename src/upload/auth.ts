import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { UploadError } from "./failures.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import { createThrottle, networkOf } from "./throttle.ts";

const dayMs = 24 * 3600 * 1000;
/** How long a log-in lasts: longer than a slow upload of a large file. */
const sessionMs = 7 * dayMs;
/** Hashes computed at once or waiting; each takes 64 MiB while it runs. */
const queueLimit = 8;

/** Who may use a store: one password, and the sessions and tokens it opened, all of them revocable. */
export type Auth = {
  readonly hasPassword: () => boolean;
  /** Sets the password and ends every session and token that the former one opened. */
  readonly setPassword: (password: string) => Promise<void>;
  /**
   * Opens a session.
   *
   * @param address who asks; guesses are throttled by it.
   * @returns the session's secret, which is not kept here (only its hash is).
   * @throws {WrongPasswordError}
   * @throws {ThrottledError} before the password is looked at.
   */
  readonly logIn: (password: string, address: string) => Promise<{ token: string; maxAgeS: number }>;
  /** A token that does not expire, for programs; `setPassword` ends it. */
  readonly issueToken: () => string;
  /** Whether this secret opens the store; always true where no password is set. */
  readonly accepts: (token: string | undefined) => boolean;
  readonly logOut: (token: string) => void;
  readonly close: () => void;
};

/**
 * Opens `auth.db` (mode 0600) in the store's folder. It survives a restart, so an upload continues without a new
 * log-in; another process may set the password while a server runs.
 *
 * @param now the time in milliseconds.
 */
export function openAuth({ dir, now = Date.now }: { dir: string; now?: () => number }): Auth {
  const database = openDatabase(join(dir, "auth.db"));
  const throttle = createThrottle({ now });
  const readPassword = database.prepare("SELECT phc FROM password");
  const readSession = database.prepare("SELECT 1 FROM session WHERE hash = ? AND expires > ?");
  const addSession = database.prepare("INSERT INTO session (hash, expires) VALUES (?, ?)");
  const dropSession = database.prepare("DELETE FROM session WHERE hash = ?");
  const dropExpired = database.prepare("DELETE FROM session WHERE expires <= ?");
  let queued = 0;

  const currentPassword = () => {
    const phc = readPassword.get()?.["phc"];
    return typeof phc === "string" ? phc : undefined;
  };
  const openSession = (expires: number) => {
    const token = randomBytes(32).toString("base64url");
    addSession.run(hashOf(token), expires);
    return token;
  };

  return {
    hasPassword: () => currentPassword() !== undefined,
    async setPassword(password) {
      const phc = await hashPassword(password);
      database.exec("BEGIN IMMEDIATE");
      database.exec("DELETE FROM session");
      database.prepare("INSERT OR REPLACE INTO password (id, phc) VALUES (1, ?)").run(phc);
      database.exec("COMMIT");
    },
    async logIn(password, address) {
      const phc = currentPassword();
      if (phc === undefined) throw new WrongPasswordError("This store has no password.");
      const guesser = networkOf(address);
      const waitMs = queued >= queueLimit ? 1000 : throttle.attempt(guesser);
      if (waitMs > 0) throw new ThrottledError(Math.ceil(waitMs / 1000));
      queued += 1;
      const right = await verifyPassword(password, phc).finally(() => (queued -= 1));
      // The password may have been changed while this one was hashed.
      if (!right || currentPassword() !== phc) throw new WrongPasswordError("The password is wrong.");
      throttle.succeed(guesser);
      dropExpired.run(now());
      return { token: openSession(now() + sessionMs), maxAgeS: sessionMs / 1000 };
    },
    issueToken: () => openSession(Number.MAX_SAFE_INTEGER),
    accepts(token) {
      if (currentPassword() === undefined) return true;
      return token !== undefined && readSession.get(hashOf(token), now()) !== undefined;
    },
    logOut(token) {
      dropSession.run(hashOf(token));
    },
    close: () => database.close(),
  };
}

/** Who reads the file of a stolen backup finds no secret that opens anything. */
function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function openDatabase(path: string): DatabaseSync {
  // SQLite would create it readable by all; its journals copy the mode of the file.
  closeSync(openSync(path, "a", 0o600));
  const database = new DatabaseSync(path, { timeout: 5000 });
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS password (id INTEGER PRIMARY KEY CHECK (id = 1), phc TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS session (hash BLOB PRIMARY KEY, expires INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `);
  return database;
}

export class WrongPasswordError extends UploadError {
  override readonly code = "WRONG_PASSWORD";
  override readonly status = 401;
}

export class ThrottledError extends UploadError {
  override readonly code = "THROTTLED";
  override readonly status = 429;
  readonly retryAfterS: number;

  constructor(retryAfterS: number) {
    super(`Too many wrong passwords: try again in ${String(retryAfterS)} s.`);
    this.retryAfterS = retryAfterS;
  }
}
