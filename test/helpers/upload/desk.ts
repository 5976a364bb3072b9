import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import type { Browser, Locator, Page } from "playwright-core";

import { launchBrowser } from "./browser.ts";
import { startSite, type Site } from "./site.ts";

type List = "jobs" | "unfinished" | "files";

type Look = { readonly width: number; readonly colorScheme: "light" | "dark" };

/** A person at a browser, in front of the page of a fresh server. */
export type Desk = {
  /** A folder for the files to send. */
  readonly files: string;
  readonly site: Site;
  readonly page: Page;
  /** What the page complained about; a test ends with none. */
  readonly complaints: string[];
  /** Closes the window and opens another. */
  readonly reopen: (look: Look) => Promise<void>;
  readonly visit: (hash?: string) => Promise<void>;
  /** Clicks the button and picks files in the dialog it opens. */
  readonly choose: (button: string, paths: string | string[]) => Promise<void>;
  readonly row: (list: List, name: string) => Locator;
  readonly isShown: (list: List, name: string, text: string | RegExp) => Promise<void>;
};

/** Sets up a desk for each test of the suite around it. @param waitMs how long something may take to be shown. */
export function useDesk({ waitMs }: { readonly waitMs: number }): Desk {
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
    page = await open({ width: 1100, colorScheme: "light" });
  });
  afterEach(async () => {
    site.letThrough(Number.POSITIVE_INFINITY);
    await page.close();
    await site.close();
    expect(complaints).to.deep.equal([]);
  });

  async function open({ width, colorScheme }: Look): Promise<Page> {
    const opened = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
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

  const row: Desk["row"] = (list, name) =>
    page.locator(`#${list} > li`, { has: page.getByText(name, { exact: true }) });
  return {
    get files() {
      return files;
    },
    get site() {
      return site;
    },
    get page() {
      return page;
    },
    get complaints() {
      return complaints;
    },
    row,
    async reopen(look) {
      await page.close();
      page = await open(look);
    },
    async visit(hash = "") {
      await page.goto(`${site.url}${hash}`);
      await page.locator("#choose-files, #password").locator("visible=true").waitFor();
    },
    async choose(button, paths) {
      const chooser = page.waitForEvent("filechooser");
      await page.getByRole("button", { name: button, exact: true }).click();
      await (await chooser).setFiles(paths);
    },
    async isShown(list, name, text) {
      await row(list, name).filter({ hasText: text }).waitFor({ timeout: waitMs });
    },
  };
}
