import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { expect } from "chai";
import type { Browser, Page } from "playwright-core";

import { launchBrowser } from "../../helpers/upload/browser.ts";
import { makeFile } from "../../helpers/upload/file.ts";
import { startSite, type Site } from "../../helpers/upload/site.ts";
import { until } from "../../helpers/upload/until.ts";

const MiB = 1024 * 1024;
const soak = process.env["SOAK"] === "1";
const bigSize = soak ? 1024 * MiB : 64 * MiB;
/** Where the screenshots go, for a person who looks at them. */
const album = process.env["SCREENSHOTS"];

describe("the page", function () {
  this.timeout(soak ? 300_000 : 60_000);
  let browser: Browser;
  let files: string;
  let site: Site;
  let page: Page;
  let complaints: string[];

  before(async function () {
    browser = await launchBrowser(this);
    files = mkdtempSync(join(tmpdir(), "upload-page-"));
  });
  after(async () => {
    await browser?.close();
    if (files !== undefined) rmSync(files, { recursive: true });
  });
  beforeEach(async () => {
    site = await startSite();
    page = await openPage({ width: 1100, height: 900 });
  });
  afterEach(async () => {
    site.letThrough(Number.POSITIVE_INFINITY);
    await page.close();
    await site.close();
    expect(complaints).to.deep.equal([]);
  });

  async function openPage(viewport: { width: number; height: number }, colorScheme: "light" | "dark" = "light") {
    const opened = await browser.newPage({ viewport, colorScheme });
    complaints = [];
    // Keeps the interception on, so that a later wait cannot come a moment too late.
    opened.on("filechooser", () => undefined);
    opened.on("pageerror", (error) => complaints.push(String(error)));
    opened.on("console", (message) => {
      // What the browser says of an answer that the page shows to the user anyway.
      const expected = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !expected) complaints.push(message.text());
    });
    return opened;
  }

  async function visit(hash = ""): Promise<void> {
    await page.goto(`${site.url}${hash}`);
    await page.locator("#choose-files, #password").locator("visible=true").waitFor();
  }

  async function choose(button: string, paths: string | string[]): Promise<void> {
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: button, exact: true }).click();
    await (await chooser).setFiles(paths);
  }

  const row = (list: "jobs" | "unfinished" | "files", name: string) =>
    page.locator(`#${list} > li`, { has: page.getByText(name, { exact: true }) });

  async function isShown(list: "jobs" | "unfinished" | "files", name: string, text: string | RegExp): Promise<void> {
    const limit = soak ? 240_000 : 45_000;
    await row(list, name).filter({ hasText: text }).waitFor({ timeout: limit });
  }

  it("sends a large file in four chunks at once, and shows its hash", async () => {
    const path = join(files, "large.bin");
    const sha256 = await makeFile(path, bigSize);
    await visit();
    const started = performance.now();
    await choose("Choose files", path);
    await isShown("jobs", "large.bin", `Done · ${sha256.slice(0, 12)}`);
    const seconds = (performance.now() - started) / 1000;
    if (soak) console.log(`      ${String(bigSize / MiB)} MiB in ${seconds.toFixed(1)} s`);
    await isShown("files", "large.bin", sha256.slice(0, 12));
    expect(site.store.files.find({ dir: "", name: "large.bin" })).to.include({ sha256, size: bigSize });
    expect(site.counts).to.include({ most: 4, bodies: bigSize / (8 * MiB) });
  });

  it("goes on after a reload in mid-upload with what the server misses", async () => {
    const path = join(files, "resumed.bin");
    const sha256 = await makeFile(path, bigSize);
    const chunks = bigSize / (8 * MiB);
    const before = Math.floor(chunks / 2) - 1;
    site.letThrough(before);
    await visit();
    await choose("Choose files", path);
    const received = () => site.store.uploads.list("active")[0]?.received ?? 0;
    await until("half of it is there", () => received() === before * 8 * MiB && site.held() === 4, 200_000);
    await page.reload();
    site.dropHeld();
    await isShown("unfinished", "resumed.bin", new RegExp(`of ${soak ? "1.0 GiB" : "64.0 MiB"}`, "u"));
    const { bodies } = site.counts;
    site.letThrough(Number.POSITIVE_INFINITY);
    await choose("Resume resumed.bin", path);
    await isShown("jobs", "resumed.bin", "Done");
    expect(site.store.files.find({ dir: "", name: "resumed.bin" })).to.include({ sha256, size: bigSize });
    expect(site.counts.bodies - bodies).to.equal(chunks - before);
    await until("nothing is unfinished", () => page.locator("#unfinished-section").isHidden());
  });

  it("resumes no other file", async () => {
    const path = join(files, "mine.bin");
    const other = join(files, "other.bin");
    await makeFile(path, 20 * MiB);
    await makeFile(other, 20 * MiB);
    site.letThrough(1);
    await visit();
    await choose("Choose files", path);
    await until(
      "a chunk is there",
      () => site.store.uploads.list("active")[0]?.received === 8 * MiB && site.held() === 2,
    );
    await page.reload();
    site.dropHeld();
    await row("unfinished", "mine.bin").waitFor();
    await choose("Resume mine.bin", other);
    await page.getByRole("status").filter({ hasText: "another file" }).waitFor();
    // The same name and size, and other bytes: an upload of its own.
    const changed = join(files, "changed");
    mkdirSync(changed);
    const sha256 = await makeFile(join(changed, "mine.bin"), 20 * MiB);
    site.letThrough(Number.POSITIVE_INFINITY);
    await choose("Resume mine.bin", join(changed, "mine.bin"));
    await isShown("jobs", "mine.bin", `Done · ${sha256.slice(0, 12)}`);
    expect(site.store.files.find({ dir: "", name: "mine.bin" })?.sha256).to.equal(sha256);
    await row("unfinished", "mine.bin").getByRole("button", { name: "Remove" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
    await until("it is removed", () => site.store.uploads.list("active").length === 0);
  });

  it("compares every byte before it resumes, however much a file looks the same", async () => {
    const path = join(files, "subtle.bin");
    await makeFile(path, 20 * MiB);
    const { atime, mtime } = statSync(path);
    site.letThrough(1);
    await visit();
    await choose("Choose files", path);
    await until(
      "a chunk is there",
      () => site.store.uploads.list("active")[0]?.received === 8 * MiB && site.held() === 2,
    );
    // Name, size, date and samples stay; one byte of what the server has does not.
    const bytes = readFileSync(path);
    bytes[100_000] = (bytes[100_000] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    utimesSync(path, atime, mtime);
    await page.reload();
    site.dropHeld();
    site.letThrough(Number.POSITIVE_INFINITY);
    await choose("Resume subtle.bin", path);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    await isShown("jobs", "subtle.bin", `Done · ${sha256.slice(0, 12)}`);
    expect(site.store.files.find({ dir: "", name: "subtle.bin" })?.sha256).to.equal(sha256);
    expect(site.store.uploads.list("active")).to.have.length(1);
  });

  it("waits for a server that restarts", async () => {
    const path = join(files, "patient.bin");
    const sha256 = await makeFile(path, 40 * MiB);
    site.letThrough(2);
    await visit();
    await choose("Choose files", path);
    await until(
      "two chunks are there",
      () => site.store.uploads.list("active")[0]?.received === 16 * MiB && site.held() === 3,
    );
    await site.restart();
    site.letThrough(Number.POSITIVE_INFINITY);
    await isShown("jobs", "patient.bin", "Done");
    expect(site.store.files.find({ dir: "", name: "patient.bin" })).to.include({ sha256 });
  });

  it("pauses, resumes, and cancels for good", async () => {
    const path = join(files, "halted.bin");
    const sha256 = await makeFile(path, 40 * MiB);
    site.letThrough(1);
    await visit();
    await choose("Choose files", path);
    const active = () => site.store.uploads.list("active");
    await until("a chunk is there", () => active()[0]?.received === 8 * MiB && site.held() === 4);
    await row("jobs", "halted.bin").getByRole("button", { name: "Cancel" }).click();
    await isShown("jobs", "halted.bin", "Cancelled");
    await until("it is removed from the server", () => active().length === 0);
    await row("jobs", "halted.bin").getByRole("button", { name: "Retry" }).click();
    site.dropHeld();
    site.letThrough(1);
    await until("it is begun again", () => active()[0]?.received === 8 * MiB && site.held() === 4);
    await row("jobs", "halted.bin").getByRole("button", { name: "Pause" }).click();
    await isShown("jobs", "halted.bin", "Paused");
    site.dropHeld();
    site.letThrough(Number.POSITIVE_INFINITY);
    await row("jobs", "halted.bin").getByRole("button", { name: "Resume" }).click();
    await isShown("jobs", "halted.bin", `Done · ${sha256.slice(0, 12)}`);
    await page.getByRole("button", { name: "Clear finished" }).click();
    await until("the row is gone", () => page.locator("#jobs-section").isHidden());
  });

  it("says why the same file cannot be there twice, and why not in a directory that is gone", async () => {
    const path = join(files, "twice.txt");
    writeFileSync(path, "the same");
    site.store.files.makeDirectory("short-lived");
    await visit("#/short-lived");
    await choose("Choose files", path);
    await isShown("jobs", "twice.txt", "Done");
    await page.getByRole("button", { name: "Clear finished" }).click();
    await choose("Choose files", path);
    await isShown("jobs", "twice.txt", "File already exists");
    await row("jobs", "twice.txt").getByRole("button", { name: "Dismiss" }).click();

    await site.store.files.remove({ dir: "short-lived", name: "twice.txt" });
    site.store.files.removeDirectory("short-lived");
    await choose("Choose files", path);
    await isShown("jobs", "twice.txt", /short-lived/u);
    expect(site.store.uploads.list("active")).to.deep.equal([]);
    // After the directory is made again, the same row can be sent.
    site.store.files.makeDirectory("short-lived");
    await row("jobs", "twice.txt").getByRole("button", { name: "Retry" }).click();
    await isShown("jobs", "twice.txt", "Done");
  });

  it("keeps the directories of a folder", async () => {
    const folder = join(files, "records");
    mkdirSync(join(folder, "sepolia"), { recursive: true });
    writeFileSync(join(folder, "index.json"), "{}");
    writeFileSync(join(folder, "sepolia", "MetaCoin.json"), "{ }");
    writeFileSync(join(folder, "empty"), "");
    await visit();
    await choose("Choose a folder", folder);
    await isShown("jobs", "records/sepolia/MetaCoin.json", "Done");
    await isShown("jobs", "records/index.json", "Done");
    await isShown("jobs", "records/empty", "Done");
    expect(site.store.files.find({ dir: "records/sepolia", name: "MetaCoin.json" })).to.include({ size: 3 });
    await page.getByRole("link", { name: "records" }).click();
    await isShown("files", "index.json", "2 B");
    await page.getByRole("link", { name: "sepolia" }).click();
    await isShown("files", "MetaCoin.json", "3 B");
    await page.goBack();
    await isShown("files", "index.json", "2 B");
  });

  it("asks for the password, refuses a wrong one, and logs out", async () => {
    await site.auth.setPassword("correct horse");
    await visit();
    expect(await page.getByRole("button", { name: "Choose files" }).isVisible()).to.equal(false);
    await page.keyboard.type("wrong horse");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: "The password is wrong" }).waitFor();
    await page.keyboard.type("correct horse");
    await page.keyboard.press("Enter");
    const path = join(files, "inside.txt");
    writeFileSync(path, "inside");
    await choose("Choose files", path);
    await isShown("jobs", "inside.txt", "Done");
    const cookies = await page.context().cookies();
    expect(cookies).to.have.length(1);
    expect(cookies[0]).to.include({ httpOnly: true, sameSite: "Strict", secure: false });

    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByLabel("Password of this store").waitFor();
    expect(await page.getByRole("heading", { name: "Files" }).isVisible()).to.equal(false);
    expect(await (await page.request.get(`${site.url}api/files`)).json()).to.have.nested.property(
      "error.code",
      "LOG_IN",
    );
  });

  it("works by keyboard alone", async () => {
    site.store.files.makeDirectory("b");
    await visit();
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const focused = () =>
      page.evaluate<string>("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent");
    const tabTo = async (name: string) => {
      for (let presses = 0; (await focused()) !== name; presses += 1) {
        if (presses > 40) throw new Error(`Tab never comes to ${name}`);
        await press("Tab");
      }
    };

    await tabTo("Choose files");
    const path = join(files, "keys.txt");
    writeFileSync(path, "by keyboard");
    const chooser = page.waitForEvent("filechooser");
    await press("Enter");
    await (await chooser).setFiles(path);
    await isShown("files", "keys.txt", "11 B");

    await tabTo("Rename keys.txt");
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    await press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(await focused()).to.equal("Rename keys.txt");
    await press("Enter");
    await page.keyboard.type("renamed.txt");
    await press("Enter");
    await isShown("files", "renamed.txt", "11 B");

    await page.locator("h1").click();
    await tabTo("Move renamed.txt");
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.type("b");
    await press("Enter");
    await until("it is moved", () => site.store.files.find({ dir: "b", name: "renamed.txt" }) !== undefined);

    await page.locator("h1").click();
    await tabTo("New directory");
    await press("Enter");
    await page.keyboard.type("a");
    await press("Enter");
    await row("files", "a").waitFor();
    await page.locator("h1").click();
    await tabTo("Delete a");
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    // The focus is on Cancel: a stray Enter deletes nothing.
    await press("Enter");
    expect(site.store.files.hasDirectory("a")).to.equal(true);
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    await press("Tab", "Enter");
    await until("it is deleted", () => !site.store.files.hasDirectory("a"));
  });

  it("shows names as text and nothing else, and downloads what they name", async () => {
    const name = "<img src=x onerror=alert(1)>.svg";
    const path = join(files, name);
    writeFileSync(path, "<svg onload='alert(1)'/>");
    page.on("dialog", () => complaints.push("a script ran"));
    await visit();
    await choose("Choose files", path);
    await isShown("files", name, "24 B");
    expect(await page.locator("img").count()).to.equal(0);
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: `Download ${name}` }).click();
    expect((await download).suggestedFilename()).to.match(/svg$/u);
  });

  for (const [width, scheme] of [
    [1100, "light"],
    [1100, "dark"],
    [360, "light"],
    [360, "dark"],
  ] as const)
    it(`fits a window ${String(width)} px wide, ${scheme}`, async () => {
      await page.close();
      page = await openPage({ width, height: 800 }, scheme);
      const path = join(files, "a-name-without-any-place-to-break-it-that-is-longer-than-the-window-of-a-phone.bin");
      await makeFile(path, 20 * MiB);
      for (const dir of ["deployments/sepolia", "releases"]) site.store.files.makeDirectory(dir);
      await visit();
      const small = join(files, "notes.txt");
      writeFileSync(small, "notes");
      await choose("Choose files", small);
      await isShown("files", "notes.txt", "5 B");
      site.letThrough(1);
      await choose("Choose files", path);
      await isShown("jobs", basename(path), "of 20.0 MiB");
      const overflow = await page.evaluate<number>(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      expect(overflow).to.equal(0);
      const ground = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      expect(ground).to.equal(scheme === "dark" ? "rgb(20, 21, 23)" : "rgb(246, 245, 242)");
      for (const button of await page.getByRole("button").all()) {
        const box = await button.boundingBox();
        expect(box?.height ?? 24, (await button.textContent()) ?? "").to.be.at.least(24);
      }
      if (album !== undefined)
        await page.screenshot({ path: join(album, `${String(width)}-${scheme}.png`), fullPage: true });
    });
});
