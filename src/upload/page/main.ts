import type { SessionAnswer, UnfinishedAnswer } from "../api-types.ts";
import { formatSize } from "../size.ts";
import { wireDialog } from "./ask.ts";
import { announce, find, messageOf } from "./dom.ts";
import { createDirectory, showFiles, wireMore } from "./files.ts";
import { createJobs, type Jobs } from "./jobs.ts";
import { pickFile, pickFolder } from "./pick.ts";
import { hrefOf } from "./place.ts";
import { startSession } from "./session.ts";
import { showUnfinished } from "./unfinished.ts";

const pollMs = 3000;
const soonMs = 1000;
let jobs: Jobs | undefined;
let due: ReturnType<typeof setTimeout> | undefined;

wireDialog();
wireMore();
find("new-directory", HTMLButtonElement).addEventListener("click", () => void createDirectory());
find("choose-folder", HTMLButtonElement).addEventListener("click", () => {
  void pickFolder().then((files) => jobs?.add(files));
});
addEventListener("hashchange", () => void showFiles());
document.addEventListener("visibilitychange", refresh);
// A file that misses the drop zone must not replace the page.
for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault());
setInterval(refreshUnfinished, pollMs);
startSession(open);

function open(session: SessionAnswer): void {
  jobs ??= createJobs(session, refreshSoon);
  jobs.wake();
  refresh();
}

function refresh(): void {
  if (jobs === undefined || document.hidden) return;
  void showFiles();
  refreshUnfinished();
}

/** Once for the many that are published within a moment. */
function refreshSoon(): void {
  due ??= setTimeout(() => {
    due = undefined;
    refresh();
  }, soonMs);
}

function refreshUnfinished(): void {
  const running = jobs;
  if (running === undefined || document.hidden || find("store", HTMLElement).hidden) return;
  showUnfinished({ isMine: running.isMine, onResume: (upload) => void resume(upload, running) }).catch(() => undefined);
}

/** The browser forgot the file with the reload: the user picks it once more. */
async function resume(upload: UnfinishedAnswer, running: Jobs): Promise<void> {
  try {
    const file = await pickFile();
    if (file.name !== upload.name || file.size !== upload.size) {
      const wanted = `${upload.name} (${formatSize(upload.size ?? 0)})`;
      announce(`That is another file: ${wanted} is the one to resume, not ${file.name} (${formatSize(file.size)}).`);
      return;
    }
    location.hash = hrefOf(upload.dir);
    running.add([file]);
  } catch (error) {
    announce(messageOf(error));
  }
}
