import { MetacoinError } from "../errors.ts";

/** A failure with the HTTP status that tells it to a client. */
export class UploadError extends MetacoinError {
  override readonly code: string = "UPLOAD_FAILED";
  readonly status: number = 500;
}

/** The request cannot be meant. */
export class BadRequestError extends UploadError {
  override readonly code = "BAD_REQUEST";
  override readonly status = 400;
}

/** A file name or a directory that the catalogue does not take. */
export class NameError extends UploadError {
  override readonly code = "BAD_NAME";
  override readonly status = 400;
}

/** A request that another site, or another host name, caused. */
export class ForbiddenError extends UploadError {
  override readonly code = "FORBIDDEN";
  override readonly status = 403;
}

/** No such upload, file or directory. */
export class NotFoundError extends UploadError {
  override readonly code = "NOT_FOUND";
  override readonly status = 404;
}

/** It was here, and expired or was removed. */
export class GoneError extends UploadError {
  override readonly code = "GONE";
  override readonly status = 410;
}

/** Another file, or a directory, has the name. */
export class NameTakenError extends UploadError {
  override readonly code = "NAME_TAKEN";
  override readonly status = 409;
}

/** A directory still holds files or directories. */
export class DirectoryNotEmptyError extends UploadError {
  override readonly code = "DIRECTORY_NOT_EMPTY";
  override readonly status = 409;
}

/** Bytes, or an offset, that contradict what is already here. */
export class ConflictError extends UploadError {
  override readonly code = "CONFLICT";
  override readonly status = 409;
}

/** More bytes than were announced or are allowed. */
export class TooLargeError extends UploadError {
  override readonly code = "TOO_LARGE";
  override readonly status = 413;
}

/** The bytes of a request do not have the digest it declared (460 is tus's number for it). */
export class DigestMismatchError extends UploadError {
  override readonly code = "DIGEST_MISMATCH";
  override readonly status = 460;
}

/** The whole file does not have the sha256 that was declared for it. */
export class FileMismatchError extends UploadError {
  override readonly code = "FILE_MISMATCH";
  override readonly status = 422;
}

/** Too many uploads are open, or one upload has too many pieces. */
export class TooManyError extends UploadError {
  override readonly code = "TOO_MANY";
  override readonly status = 429;
}

/** No space: the disk's, or the quota's. What was recorded stays, and the upload can be resumed. */
export class StoreFullError extends UploadError {
  override readonly code = "STORE_FULL";
  override readonly status = 507;
}

/** The store's folder cannot be used. */
export class StoreError extends UploadError {
  override readonly code = "STORE_UNUSABLE";
}

/** The connection ended, stalled, or was replaced by a newer one before the body was whole. */
export class CutError extends UploadError {
  override readonly code = "CUT";
  override readonly status = 408;
}
