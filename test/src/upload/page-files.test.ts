import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { expect } from "chai";

import { useDesk } from "../../helpers/upload/desk.ts";
import { makeFile } from "../../helpers/upload/file.ts";
import { openCatalogue } from "../../../src/upload/catalogue.ts";
import { until } from "../../helpers/upload/until.ts";

const MiB = 1024 * 1024;
/** Where the screenshots go, for a person who looks at them. */
const album = process.env["SCREENSHOTS"];

describe("the page, managing files", function () {
  this.timeout(60_000);
  const desk = useDesk({ waitMs: 45_000 });

  it("keeps the directories of a folder", async () => {
    const folder = join(desk.files, "records");
    mkdirSync(join(folder, "sepolia"), { recursive: true });
    writeFileSync(join(folder, "index.json"), "{}");
    writeFileSync(join(folder, "sepolia", "MetaCoin.json"), "{ }");
    writeFileSync(join(folder, "empty"), "");
    await desk.visit();
    await desk.choose("Choose a folder", folder);
    await desk.isShown("jobs", "records/sepolia/MetaCoin.json", "Done");
    await desk.isShown("jobs", "records/index.json", "Done");
    await desk.isShown("jobs", "records/empty", "Done");
    expect(desk.site.store.files.find({ dir: "records/sepolia", name: "MetaCoin.json" })).to.include({ size: 3 });
    await desk.page.getByRole("link", { name: "records" }).click();
    await desk.isShown("files", "index.json", "2 B");
    await desk.page.getByRole("link", { name: "sepolia" }).click();
    await desk.isShown("files", "MetaCoin.json", "3 B");
    await desk.page.goBack();
    await desk.isShown("files", "index.json", "2 B");
  });

  it("takes what is dropped on it, and nothing that misses", async () => {
    await desk.visit();
    const carried = await desk.page.evaluateHandle<unknown>(
      "(() => { const carried = new DataTransfer(); carried.items.add(new File(['dropped'], 'd.txt')); return carried; })()",
    );
    await desk.page.dispatchEvent("header", "drop", { dataTransfer: carried });
    await desk.page.dispatchEvent("#drop", "dragover", { dataTransfer: carried });
    await desk.page.locator("#drop.dz-drag-hover").waitFor();
    await desk.page.dispatchEvent("#drop", "drop", { dataTransfer: carried });
    await desk.isShown("jobs", "d.txt", "Done");
    expect(desk.site.store.files.list("").files.map(({ name }) => name)).to.deep.equal(["d.txt"]);
  });

  it("asks for the password, refuses a wrong one, and logs out", async () => {
    await desk.site.auth.setPassword("correct horse");
    await desk.visit();
    expect(await desk.page.getByRole("button", { name: "Choose files" }).isVisible()).to.equal(false);
    await desk.page.keyboard.type("wrong horse");
    await desk.page.keyboard.press("Enter");
    await desk.page.getByRole("alert").filter({ hasText: "The password is wrong" }).waitFor();
    await desk.page.keyboard.type("correct horse");
    await desk.page.keyboard.press("Enter");
    const path = join(desk.files, "inside.txt");
    writeFileSync(path, "inside");
    await desk.choose("Choose files", path);
    await desk.isShown("jobs", "inside.txt", "Done");
    const cookies = await desk.page.context().cookies();
    expect(cookies).to.have.length(1);
    expect(cookies[0]).to.include({ httpOnly: true, sameSite: "Strict", secure: false });

    await desk.page.getByRole("button", { name: "Log out" }).click();
    await desk.page.getByLabel("Password of this store").waitFor();
    expect(await desk.page.getByRole("heading", { name: "Files" }).isVisible()).to.equal(false);
    expect(await (await desk.page.request.get(`${desk.site.url}api/files`)).json()).to.have.nested.property(
      "error.code",
      "LOG_IN",
    );
  });

  it("works by keyboard alone", async () => {
    desk.site.store.files.makeDirectory("b");
    await desk.visit();
    const press = async (...keys: string[]) => {
      for (const key of keys) await desk.page.keyboard.press(key);
    };
    const focused = () =>
      desk.page.evaluate<string>(
        "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent",
      );
    const tabTo = async (name: string) => {
      for (let presses = 0; (await focused()) !== name; presses += 1) {
        if (presses > 40) throw new Error(`Tab never comes to ${name}`);
        await press("Tab");
      }
    };

    await tabTo("Choose files");
    const path = join(desk.files, "keys.txt");
    writeFileSync(path, "by keyboard");
    const chooser = desk.page.waitForEvent("filechooser");
    await press("Enter");
    await (await chooser).setFiles(path);
    await desk.isShown("files", "keys.txt", "11 B");

    await tabTo("Rename keys.txt");
    await press("Enter");
    await desk.page.getByRole("dialog").waitFor();
    await press("Escape");
    await desk.page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(await focused()).to.equal("Rename keys.txt");
    await press("Enter");
    await desk.page.keyboard.type("renamed.txt");
    await press("Enter");
    await desk.isShown("files", "renamed.txt", "11 B");

    await desk.page.locator("h1").click();
    await tabTo("Move renamed.txt");
    await press("Enter");
    await desk.page.getByRole("dialog").waitFor();
    await desk.page.keyboard.type("b");
    await press("Enter");
    await until("it is moved", () => desk.site.store.files.find({ dir: "b", name: "renamed.txt" }) !== undefined);

    await desk.page.locator("h1").click();
    await tabTo("New directory");
    await press("Enter");
    await desk.page.keyboard.type("a");
    await press("Enter");
    await desk.row("files", "a").waitFor();
    await desk.page.locator("h1").click();
    await tabTo("Delete a");
    await press("Enter");
    await desk.page.getByRole("dialog").waitFor();
    // The focus is on Cancel: a stray Enter deletes nothing.
    await press("Enter");
    expect(desk.site.store.files.hasDirectory("a")).to.equal(true);
    await press("Enter");
    await desk.page.getByRole("dialog").waitFor();
    await press("Tab", "Enter");
    await until("it is deleted", () => !desk.site.store.files.hasDirectory("a"));
  });

  it("shows the first of very many files, and more of them when asked", async () => {
    const catalogue = openCatalogue(desk.site.dir);
    const row = catalogue.database.prepare("INSERT INTO file VALUES ('', ?, 1, ?, 1)");
    catalogue.transaction(() => {
      for (let count = 0; count < 1200; count += 1) row.run(String(count).padStart(4, "0"), "0".repeat(64));
    });
    catalogue.close();
    await desk.visit();
    const rows = desk.page.locator("#files > li");
    for (const [count, left] of [
      [500, 1],
      [1000, 1],
      [1200, 0],
    ] as const) {
      await until(`${String(count)} rows are here`, async () => (await rows.count()) === count);
      const more = desk.page.getByRole("button", { name: `Show more: ${String(count)} of 1200 are here` });
      expect(await more.count()).to.equal(left);
      if (left > 0) await more.click();
    }
  });

  it("shows names as text and nothing else, and downloads what they name", async () => {
    const name = "<img src=x onerror=alert(1)>.svg";
    const path = join(desk.files, name);
    writeFileSync(path, "<svg onload='alert(1)'/>");
    desk.page.on("dialog", () => desk.complaints.push("a script ran"));
    await desk.visit();
    await desk.choose("Choose files", path);
    await desk.isShown("files", name, "24 B");
    expect(await desk.page.locator("img").count()).to.equal(0);
    const download = desk.page.waitForEvent("download");
    await desk.page.getByRole("link", { name: `Download ${name}` }).click();
    expect((await download).suggestedFilename()).to.match(/svg$/u);
  });

  for (const [width, scheme] of [
    [1100, "light"],
    [1100, "dark"],
    [360, "light"],
    [360, "dark"],
  ] as const)
    it(`fits a window ${String(width)} px wide, ${scheme}`, async () => {
      await desk.reopen({ width, colorScheme: scheme });
      const path = join(
        desk.files,
        "a-name-without-any-place-to-break-it-that-is-longer-than-the-window-of-a-phone.bin",
      );
      await makeFile(path, 20 * MiB);
      for (const dir of ["deployments/sepolia", "releases"]) desk.site.store.files.makeDirectory(dir);
      await desk.visit();
      const small = join(desk.files, "notes.txt");
      writeFileSync(small, "notes");
      await desk.choose("Choose files", small);
      await desk.isShown("files", "notes.txt", "5 B");
      desk.site.letThrough(1);
      await desk.choose("Choose files", path);
      await desk.isShown("jobs", basename(path), "of 20.0 MiB");
      const overflow = await desk.page.evaluate<number>(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      expect(overflow).to.equal(0);
      const ground = await desk.page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      expect(ground).to.equal(scheme === "dark" ? "rgb(20, 21, 23)" : "rgb(246, 245, 242)");
      for (const button of await desk.page.getByRole("button").all()) {
        const box = await button.boundingBox();
        expect(box?.height ?? 24, (await button.textContent()) ?? "").to.be.at.least(24);
      }
      if (album !== undefined)
        await desk.page.screenshot({ path: join(album, `${String(width)}-${scheme}.png`), fullPage: true });
    });
});
