import { Dropzone, type DropzoneFile } from "dropzone";

import type { SessionAnswer, UploadsAnswer } from "../api-types.ts";
import { createRate, type Rate } from "../rate.ts";
import { call, CallError, failureText, query } from "./calls.ts";
import { announce, find, messageOf } from "./dom.ts";
import { currentDir, join, parentOf } from "./place.ts";
import { findStart, isHere, type Start } from "./resume.ts";
import { createRow, type JobState, type Row } from "./row.ts";
import { ResumingDropzone } from "./transfer.ts";

/** One file that this page sends. */
type Job = {
  readonly file: DropzoneFile;
  readonly dir: string;
  /** The part of it that the chosen folder brought. */
  readonly below: string;
  readonly row: Row;
  state: JobState;
  message: string;
  sent: number;
  rate: Rate;
  /** What the server calls it, and what it had when this try began. */
  key: string;
  have: Extract<Start, { kind: "send" }>["have"];
  /** Failures since the last progress. */
  failures: number;
  timer: ReturnType<typeof setTimeout> | undefined;
};

export type Jobs = {
  readonly add: (files: Iterable<File>) => void;
  readonly isMine: (key: string) => boolean;
  /** After a log-in: goes on with what stopped for want of it. */
  readonly wake: () => void;
};

const lastPauseS = 30;

/**
 * Sends what is dropped or chosen, a file after the other, each in parallel chunks. A lost connection is waited out, and
 * every try begins with what the server has.
 */
export function createJobs({ chunk, parallel }: SessionAnswer, onPublished: () => void): Jobs {
  const jobs = new Map<File, Job>();
  const dropzone = new ResumingDropzone(
    find("drop", HTMLElement),
    {
      url: "/upload",
      clickable: "#choose-files",
      chunking: true,
      forceChunking: true,
      chunkSize: chunk,
      parallelUploads: 1,
      maxFilesize: Number.MAX_SAFE_INTEGER,
      timeout: null,
      ignoreHiddenFiles: false,
      createImageThumbnails: false,
      disablePreviews: true,
      transformFile: (file, send) => void begin(file, send),
    },
    (file, start, end) => isHere(jobs.get(file)?.have ?? [], start, end),
  );
  // A number is fine with Dropzone; its types only know of `true`.
  Object.assign(dropzone.options, { parallelChunkUploads: parallel });

  const show = (job: Job, changes: Partial<Pick<Job, "state" | "message" | "sent">>) => {
    Object.assign(job, { message: "", ...changes });
    job.row.show({ ...job, perSecond: job.rate.perSecond() });
    showSection(jobs);
  };

  async function begin(file: DropzoneFile, send: (file: DropzoneFile) => void): Promise<void> {
    const job = jobs.get(file);
    if (job === undefined) return;
    show(job, { state: "checking", sent: 0 });
    const compared = (bytes: number) => {
      // Paused or cancelled meanwhile: whoever did that has said so.
      if (job.state !== "checking") throw new Error("no longer wanted");
      show(job, { sent: bytes });
    };
    try {
      // Whoever sends a folder wants its directories; a single file goes where the user saw it go, or nowhere.
      if (job.below !== "") await call("POST", "/api/dirs", { dir: job.dir });
      const start = await findStart(file, job.dir, compared);
      if (job.state !== "checking") return;
      if (start.kind === "done") {
        dropzone._finished([file], JSON.stringify(start.answer), undefined);
        return;
      }
      job.key = start.key;
      job.have = start.have;
      file.upload.uuid = start.key;
      job.rate = createRate(() => performance.now());
      const resumed = start.have.reduce((sum, [from, to]) => sum + to - from, 0);
      show(job, { state: "sending", sent: resumed });
      send(file);
    } catch (error) {
      if (job.state !== "checking") return;
      file.status = Dropzone.ERROR;
      fail(job, error instanceof CallError ? error.status : -1, messageOf(error));
      dropzone.processQueue();
    }
  }

  /** Waits and tries again where that may help; otherwise says why not. */
  function fail(job: Job, status: number, text: string): void {
    dropzone.abortChunks(job.file);
    if (status === 401) {
      show(job, { state: "paused", message: "Log in to go on" });
    } else if (passing.has(status)) {
      const pauseS = Math.min(lastPauseS, 2 ** job.failures);
      job.failures += 1;
      show(job, { state: "retrying", message: `${text} Trying again in ${String(pauseS)} s` });
      job.timer = setTimeout(() => resume(job), pauseS * 1000);
    } else {
      show(job, { state: "failed", message: text });
      announce(`${job.file.name}: ${text}`);
    }
  }

  function resume(job: Job): void {
    clearTimeout(job.timer);
    show(job, { state: "waiting" });
    dropzone.again(job.file);
  }

  function stop(job: Job, state: "paused" | "cancelled"): void {
    clearTimeout(job.timer);
    show(job, { state, ...(state === "cancelled" ? { sent: 0 } : {}) });
    dropzone.cancelUpload(job.file);
  }

  function dismiss(job: Job): void {
    jobs.delete(job.file);
    job.row.element.remove();
    dropzone.removeFile(job.file);
    showSection(jobs);
  }

  dropzone.on("addedfile", (file: DropzoneFile) => {
    const below = parentOf(String(file["fullPath"] ?? file.webkitRelativePath));
    const dir = join(currentDir(), below);
    const row = createRow(join(below, file.name), file.size, {
      pause: () => stop(job, "paused"),
      resume: () => resume(job),
      cancel: () => {
        stop(job, "cancelled");
        removeFromServer(job.key).catch((error: unknown) => announce(messageOf(error)));
      },
      dismiss: () => dismiss(job),
    });
    const job: Job = {
      file,
      dir,
      below,
      row,
      state: "waiting",
      message: "",
      sent: 0,
      rate: createRate(() => performance.now()),
      key: "",
      have: [],
      failures: 0,
      timer: undefined,
    };
    jobs.set(file, job);
    find("jobs", HTMLUListElement).append(row.element);
    show(job, {});
  });

  dropzone.on("sending", (file: DropzoneFile, _: XMLHttpRequest, form: FormData) => {
    form.append("dir", jobs.get(file)?.dir ?? "");
  });

  dropzone.on("uploadprogress", (file: DropzoneFile, percent: number) => {
    const job = jobs.get(file);
    if (job?.state !== "sending") return;
    const sent = Math.round((file.size * percent) / 100);
    if (sent > job.sent) job.failures = 0;
    job.rate.note(sent);
    show(job, { sent: Math.max(sent, job.sent) });
  });

  dropzone.on("success", (file: DropzoneFile, answer: unknown) => {
    const job = jobs.get(file);
    if (job === undefined) return;
    const sha256 = [answer, ...dropzone.answers(file)].map((one) => findSha256(one)).find(Boolean) ?? "";
    show(job, { state: "done", sent: file.size, message: sha256 === "" ? "Done" : `Done · ${sha256.slice(0, 12)}` });
    announce(`${file.name} is uploaded.`);
    onPublished();
  });

  dropzone.on("error", (file: DropzoneFile, answer: unknown, xhr?: XMLHttpRequest) => {
    const job = jobs.get(file);
    if (job?.state === "sending") fail(job, xhr?.status ?? 0, failureText(answer, xhr?.status ?? 0));
  });

  find("clear", HTMLButtonElement).addEventListener("click", () => {
    for (const job of jobs.values()) if (job.state === "done" || job.state === "cancelled") dismiss(job);
    find("jobs-title", HTMLElement).focus();
  });

  return {
    add(files) {
      for (const file of files) dropzone.addFile(Object.assign(file, emptyBookkeeping()));
    },
    isMine: (key) => [...jobs.values()].some((job) => job.key === key),
    wake() {
      for (const job of jobs.values()) if (job.state === "paused" && job.message !== "") resume(job);
    },
  };
}

/** Statuses that pass by themselves: no connection, a server that restarts, a request that was cut. */
const passing = new Set([0, 408, 425, 429, 502, 503, 504]);

async function removeFromServer(key: string): Promise<void> {
  if (key === "") return;
  const { uploads } = await call<UploadsAnswer>("GET", "/api/uploads");
  const mine = uploads.find((upload) => upload.key === key);
  if (mine !== undefined) await call("DELETE", `/api/uploads${query({ id: mine.id })}`);
}

function findSha256(answer: unknown): string {
  const text = typeof answer === "string" ? answer : JSON.stringify(answer ?? "");
  return /\b[0-9a-f]{64}\b/u.exec(text)?.[0] ?? "";
}

/** What Dropzone fills in on a file that it did not get by itself. */
function emptyBookkeeping() {
  return { status: "", upload: { uuid: "", progress: 0, total: 0, bytesSent: 0, filename: "" } };
}

function showSection(jobs: ReadonlyMap<File, Job>): void {
  find("jobs-section", HTMLElement).hidden = jobs.size === 0;
  find("clear", HTMLElement).hidden = ![...jobs.values()].some(
    ({ state }) => state === "done" || state === "cancelled",
  );
}
