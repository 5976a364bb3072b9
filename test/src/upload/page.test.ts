import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { useDesk } from "../../helpers/upload/desk.ts";
import { makeFile } from "../../helpers/upload/file.ts";
import { until } from "../../helpers/upload/until.ts";

const MiB = 1024 * 1024;
const soak = process.env["SOAK"] === "1";
const bigSize = soak ? 1024 * MiB : 64 * MiB;

describe("the page, sending", function () {
  this.timeout(soak ? 300_000 : 60_000);
  const desk = useDesk({ waitMs: soak ? 240_000 : 45_000 });

  it("sends a large file in four chunks at once, and shows its hash", async () => {
    const path = join(desk.files, "large.bin");
    const sha256 = await makeFile(path, bigSize);
    await desk.visit();
    const started = performance.now();
    await desk.choose("Choose files", path);
    await desk.isShown("jobs", "large.bin", `Done · ${sha256.slice(0, 12)}`);
    const seconds = (performance.now() - started) / 1000;
    if (soak) console.log(`      ${String(bigSize / MiB)} MiB in ${seconds.toFixed(1)} s`);
    await desk.isShown("files", "large.bin", sha256.slice(0, 12));
    expect(desk.site.store.files.find({ dir: "", name: "large.bin" })).to.include({ sha256, size: bigSize });
    expect(desk.site.counts).to.include({ most: 4, bodies: bigSize / (8 * MiB) });
  });

  it("goes on after a reload in mid-upload with what the server misses", async () => {
    const path = join(desk.files, "resumed.bin");
    const sha256 = await makeFile(path, bigSize);
    const chunks = bigSize / (8 * MiB);
    const before = Math.floor(chunks / 2) - 1;
    desk.site.letThrough(before);
    await desk.visit();
    await desk.choose("Choose files", path);
    const received = () => desk.site.store.uploads.list("active")[0]?.received ?? 0;
    await until("half of it is there", () => received() === before * 8 * MiB && desk.site.held() === 4, 200_000);
    await desk.page.reload();
    desk.site.dropHeld();
    await desk.isShown("unfinished", "resumed.bin", new RegExp(`of ${soak ? "1.0 GiB" : "64.0 MiB"}`, "u"));
    const { bodies } = desk.site.counts;
    desk.site.letThrough(Number.POSITIVE_INFINITY);
    await desk.choose("Resume resumed.bin", path);
    await desk.isShown("jobs", "resumed.bin", "Done");
    expect(desk.site.store.files.find({ dir: "", name: "resumed.bin" })).to.include({ sha256, size: bigSize });
    expect(desk.site.counts.bodies - bodies).to.equal(chunks - before);
    await until("nothing is unfinished", () => desk.page.locator("#unfinished-section").isHidden());
  });

  it("resumes no other file", async () => {
    const path = join(desk.files, "mine.bin");
    const other = join(desk.files, "other.bin");
    await makeFile(path, 20 * MiB);
    await makeFile(other, 20 * MiB);
    desk.site.letThrough(1);
    await desk.visit();
    await desk.choose("Choose files", path);
    await until(
      "a chunk is there",
      () => desk.site.store.uploads.list("active")[0]?.received === 8 * MiB && desk.site.held() === 2,
    );
    await desk.page.reload();
    desk.site.dropHeld();
    await desk.row("unfinished", "mine.bin").waitFor();
    await desk.choose("Resume mine.bin", other);
    await desk.page.getByRole("status").filter({ hasText: "another file" }).waitFor();
    // The same name and size, and other bytes: an upload of its own.
    const changed = join(desk.files, "changed");
    mkdirSync(changed);
    const sha256 = await makeFile(join(changed, "mine.bin"), 20 * MiB);
    desk.site.letThrough(Number.POSITIVE_INFINITY);
    await desk.choose("Resume mine.bin", join(changed, "mine.bin"));
    await desk.isShown("jobs", "mine.bin", `Done · ${sha256.slice(0, 12)}`);
    expect(desk.site.store.files.find({ dir: "", name: "mine.bin" })?.sha256).to.equal(sha256);
    await desk.row("unfinished", "mine.bin").getByRole("button", { name: "Remove" }).click();
    await desk.page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
    await until("it is removed", () => desk.site.store.uploads.list("active").length === 0);
  });

  it("compares every byte before it resumes, however much a file looks the same", async () => {
    const path = join(desk.files, "subtle.bin");
    await makeFile(path, 20 * MiB);
    const { atime, mtime } = statSync(path);
    desk.site.letThrough(1);
    await desk.visit();
    await desk.choose("Choose files", path);
    await until(
      "a chunk is there",
      () => desk.site.store.uploads.list("active")[0]?.received === 8 * MiB && desk.site.held() === 2,
    );
    // Name, size, date and samples stay; one byte of what the server has does not.
    const bytes = readFileSync(path);
    bytes[100_000] = (bytes[100_000] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    utimesSync(path, atime, mtime);
    await desk.page.reload();
    desk.site.dropHeld();
    desk.site.letThrough(Number.POSITIVE_INFINITY);
    await desk.choose("Resume subtle.bin", path);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    await desk.isShown("jobs", "subtle.bin", `Done · ${sha256.slice(0, 12)}`);
    expect(desk.site.store.files.find({ dir: "", name: "subtle.bin" })?.sha256).to.equal(sha256);
    expect(desk.site.store.uploads.list("active")).to.have.length(1);
  });

  it("waits for a server that restarts", async () => {
    const path = join(desk.files, "patient.bin");
    const sha256 = await makeFile(path, 40 * MiB);
    desk.site.letThrough(2);
    await desk.visit();
    await desk.choose("Choose files", path);
    await until(
      "two chunks are there",
      () => desk.site.store.uploads.list("active")[0]?.received === 16 * MiB && desk.site.held() === 3,
    );
    await desk.site.restart();
    desk.site.letThrough(Number.POSITIVE_INFINITY);
    await desk.isShown("jobs", "patient.bin", "Done");
    expect(desk.site.store.files.find({ dir: "", name: "patient.bin" })).to.include({ sha256 });
  });

  it("goes on after a log-in where the session ended in mid-upload", async () => {
    const path = join(desk.files, "closed.bin");
    const sha256 = await makeFile(path, 40 * MiB);
    desk.site.letThrough(1);
    await desk.visit();
    await desk.choose("Choose files", path);
    const received = () => desk.site.store.uploads.list("active")[0]?.received;
    await until("a chunk is there", () => received() === 8 * MiB && desk.site.held() === 4);
    await desk.site.auth.setPassword("correct horse");
    desk.site.dropHeld();
    await desk.page.getByLabel("Password of this store").fill("correct horse");
    desk.site.letThrough(Number.POSITIVE_INFINITY);
    await desk.page.keyboard.press("Enter");
    await desk.isShown("jobs", "closed.bin", `Done · ${sha256.slice(0, 12)}`);
  });

  it("pauses, resumes, and cancels for good", async () => {
    const path = join(desk.files, "halted.bin");
    const sha256 = await makeFile(path, 40 * MiB);
    desk.site.letThrough(1);
    await desk.visit();
    await desk.choose("Choose files", path);
    const active = () => desk.site.store.uploads.list("active");
    await until("a chunk is there", () => active()[0]?.received === 8 * MiB && desk.site.held() === 4);
    await desk.row("jobs", "halted.bin").getByRole("button", { name: "Cancel" }).click();
    await desk.isShown("jobs", "halted.bin", "Cancelled");
    await until("it is removed from the server", () => active().length === 0);
    // Before the bodies of the second try come: they must not be dropped.
    desk.site.dropHeld();
    desk.site.letThrough(1);
    await desk.row("jobs", "halted.bin").getByRole("button", { name: "Retry" }).click();
    await until("it is begun again", () => active()[0]?.received === 8 * MiB && desk.site.held() === 4);
    await desk.row("jobs", "halted.bin").getByRole("button", { name: "Pause" }).click();
    await desk.isShown("jobs", "halted.bin", "Paused");
    desk.site.dropHeld();
    desk.site.letThrough(Number.POSITIVE_INFINITY);
    await desk.row("jobs", "halted.bin").getByRole("button", { name: "Resume" }).click();
    await desk.isShown("jobs", "halted.bin", `Done · ${sha256.slice(0, 12)}`);
    await desk.page.getByRole("button", { name: "Clear finished" }).click();
    await until("the row is gone", () => desk.page.locator("#jobs-section").isHidden());
  });

  it("says why the same file cannot be there twice, and why not in a directory that is gone", async () => {
    const path = join(desk.files, "twice.txt");
    writeFileSync(path, "the same");
    desk.site.store.files.makeDirectory("short-lived");
    await desk.visit("#/short-lived");
    await desk.choose("Choose files", path);
    await desk.isShown("jobs", "twice.txt", "Done");
    await desk.page.getByRole("button", { name: "Clear finished" }).click();
    await desk.choose("Choose files", path);
    await desk.isShown("jobs", "twice.txt", "File already exists");
    await desk.row("jobs", "twice.txt").getByRole("button", { name: "Dismiss" }).click();

    await desk.site.store.files.remove({ dir: "short-lived", name: "twice.txt" });
    // The listing would notice it too, and leave the directory before the file is chosen.
    await desk.page.route("**/api/files?*", () => undefined);
    desk.site.store.files.removeDirectory("short-lived");
    await desk.choose("Choose files", path);
    await desk.isShown("jobs", "twice.txt", /short-lived/u);
    expect(desk.site.store.uploads.list("active")).to.deep.equal([]);
    // After the directory is made again, the same row can be sent.
    desk.site.store.files.makeDirectory("short-lived");
    await desk.page.unrouteAll({ behavior: "ignoreErrors" });
    await desk.row("jobs", "twice.txt").getByRole("button", { name: "Retry" }).click();
    await desk.isShown("jobs", "twice.txt", "Done");
  });
});
