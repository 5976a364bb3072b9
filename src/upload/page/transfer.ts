import { Dropzone, type DropzoneFile, type DropzoneOptions } from "dropzone";

/** Dropzone, with chunks left out that the server has already. */
export class ResumingDropzone extends Dropzone {
  readonly #isHere: (file: DropzoneFile, start: number, end: number) => boolean;

  /** @param isHere whether the server has these bytes of the file. */
  constructor(
    element: HTMLElement,
    options: DropzoneOptions,
    isHere: (file: DropzoneFile, start: number, end: number) => boolean,
  ) {
    super(element, options);
    this.#isHere = isHere;
  }

  override submitRequest(xhr: XMLHttpRequest, form: FormData | null, files: DropzoneFile[], blocks?: unknown[]): void {
    const [file] = files;
    const chunk = file === undefined ? undefined : this._getChunk(file, xhr);
    const start = (chunk?.index ?? 0) * this.options.chunkSize;
    const end = Math.min(file?.size ?? 0, start + this.options.chunkSize);
    if (file === undefined || chunk === undefined || !this.#isHere(file, start, end)) {
      super.submitRequest(xhr, form, files, blocks);
      return;
    }
    queueMicrotask(() => {
      if (file.status !== Dropzone.UPLOADING || chunk.xhr !== xhr) return;
      chunk.progress = 100;
      chunk.total = end - start;
      chunk.bytesSent = end - start;
      file.upload.finishedChunkUpload?.(chunk, "");
    });
  }

  /** Ends the requests of a file that failed; Dropzone would go on with its other chunks. */
  abortChunks(file: DropzoneFile): void {
    for (const chunk of file.upload.chunks ?? []) {
      if (chunk?.status !== Dropzone.UPLOADING) continue;
      chunk.status = Dropzone.CANCELED;
      chunk.xhr?.abort();
    }
  }

  /** Sends a file again that ended in any way. */
  again(file: DropzoneFile): void {
    file.status = Dropzone.ADDED;
    file.accepted = true;
    this.enqueueFile(file);
  }

  /** Whatever the server said to the chunks of a file; the chunk that completed it may not be the last to arrive. */
  answers(file: DropzoneFile): readonly unknown[] {
    return (file.upload.chunks ?? []).map((chunk) => ("response" in chunk ? chunk.response : undefined));
  }
}
