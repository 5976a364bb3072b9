/** What `/api` and the page say to each other, in JSON; failures are `{error: {code, message, hint?}}`. */

/** `GET /api/session` */
export type SessionAnswer = {
  /** Whether the store has a password. */
  readonly password: boolean;
  /** Whether this request may use the store. */
  readonly open: boolean;
  /** What the page sends with: bytes a chunk, chunks at once. */
  readonly chunk: number;
  readonly parallel: number;
};

/** `POST /api/session` `{password}` sets the cookie; `{password, bearer: true}` answers a token instead. */
export type LogInAnswer = { readonly token: string | null };

/** `GET /api/files?dir=` */
export type ListAnswer = {
  readonly dir: string;
  /** Full paths of the directories right below. */
  readonly dirs: readonly string[];
  readonly files: readonly FileAnswer[];
};

export type FileAnswer = {
  readonly dir: string;
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly createdMs: number;
  /** Where to download it, relative to the server's root. */
  readonly url: string;
};

/** `GET /api/dirs`: the full paths of all of them. */
export type DirsAnswer = { readonly dirs: readonly string[] };

/** `GET /api/uploads`: what is not finished. */
export type UploadsAnswer = { readonly uploads: readonly UnfinishedAnswer[] };

export type UnfinishedAnswer = {
  readonly id: string;
  readonly via: "dropzone" | "tus" | "raw" | "drop";
  /** The page's own name for it (dzuuid). */
  readonly key: string | null;
  readonly dir: string;
  readonly name: string;
  readonly size: number | null;
  readonly received: number;
  /** Milliseconds since it was last written to. */
  readonly idleMs: number;
  /** Why the last try to publish it failed. */
  readonly reason: string | null;
};

/** `GET /api/pieces?id=`: what an upload has, each piece with the crc32 of its bytes. */
export type PiecesAnswer = { readonly pieces: readonly (readonly [start: number, end: number, crc32: number])[] };
