/** What the hash worker is asked; `id` names the upload. */
export type HashRequest =
  /** The bytes of `path` from 0 to `end` will not change any more: hash up to there. */
  | { readonly kind: "advance"; readonly id: string; readonly path: string; readonly end: number }
  /** Finish at `size` and answer the sha256. */
  | { readonly kind: "digest"; readonly id: string; readonly path: string; readonly size: number }
  | { readonly kind: "forget"; readonly id: string }
  /** Copy `parts`, in order, over `path`, fdatasync it, and answer its sha256, crc32 and size. */
  | {
      readonly kind: "assemble";
      readonly id: string;
      readonly path: string;
      readonly parts: readonly { readonly path: string; readonly size: number }[];
    }
  /** Answer which of `pieces` do not have their crc32 (by index). */
  | {
      readonly kind: "check";
      readonly id: string;
      readonly path: string;
      readonly pieces: readonly { readonly start: number; readonly end: number; readonly crc: number }[];
    };

export type HashAnswer = {
  readonly id: string;
  readonly sha256?: string;
  readonly crc?: number;
  readonly size?: number;
  readonly bad?: readonly number[];
  /** `code` of the system's error, such as ENOSPC. */
  readonly error?: { readonly message: string; readonly code: string | undefined };
};
