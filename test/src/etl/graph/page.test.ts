import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { expect } from "chai";
import type { Browser, Page } from "playwright-core";

import { renderGraph } from "../../../../src/etl/graph/page.ts";
import { findPipeline, readDefinition } from "../../../../src/etl/pipelines.ts";
import { journalPath, readJournal } from "../../../../src/etl/run/journal.ts";
import { maskSecrets } from "../../../../src/etl/run/mask.ts";
import { startRun } from "../../../../src/etl/run/run.ts";
import { type RunView, viewRun } from "../../../../src/etl/run/view.ts";
import { newsKey, serveNews, type Stub } from "../../../helpers/etl/news.ts";
import { launchBrowser } from "../../../helpers/upload/browser.ts";

describe("the graph's page", function () {
  this.timeout(120_000);
  let browser: Browser;
  let news: Stub;
  let folder: string;
  let view: RunView;
  let definition: string;

  before(async function () {
    browser = await launchBrowser(this);
    news = await serveNews();
    folder = await mkdtemp(join(tmpdir(), "graph-"));
    definition = await readDefinition(findPipeline("headlines"));
    // A run that ends badly: nobody listens where the CSV is to go.
    const { run } = await startRun(
      findPipeline("headlines"),
      { source: "bbc-news", apiKey: "hush-hush" },
      {
        folder,
        variables: { NEWSAPI_KEY: newsKey, NEWSAPI_URL: news.url, LOAD_URL: "not an address" },
        signal: new AbortController().signal,
      },
    );
    const found = viewRun(await readJournal(journalPath(folder, run)));
    if (found === undefined) throw new Error("the run has no journal");
    view = found;
  });
  after(async () => {
    await browser?.close();
    await news?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  /** Opens the page from its file; fails on any request but the file itself, and on any complaint. */
  async function open(html: string): Promise<{ page: Page; file: string; complaints: string[] }> {
    const file = join(folder, "graph.html");
    await writeFile(file, html);
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith("file:") && !request.url().startsWith("data:")) complaints.push(request.url());
    });
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(pathToFileURL(file).href);
    return { page, file, complaints };
  }

  it("colours every state by what became of it", async () => {
    const { page, complaints } = await open(renderGraph("headlines", definition, view));
    const classes = await page
      .locator(".state")
      .evaluateAll((states) =>
        Object.fromEntries(states.map((state) => [state.getAttribute("data-state"), state.getAttribute("class")])),
      );
    expect(classes).to.deep.equal({
      "Set Source": "state succeeded",
      Extract: "state succeeded",
      Transform: "state succeeded",
      Load: "state caught",
      "Dead Letter": "state succeeded",
      "Not Loaded": "state failed",
    });
    const fill = (name: string) =>
      page.evaluate<string>(`getComputedStyle(document.querySelector('[data-state="${name}"] > rect')).stroke`);
    expect(await fill("Load")).not.to.equal(await fill("Extract"));
    expect(complaints).to.deep.equal([]);
    await page.close();
  });

  it("tells a state's input, output, error and events at a click, and with the keyboard", async () => {
    const { page, complaints } = await open(renderGraph("headlines", definition, view));
    await page.locator('[data-state="Load"] > rect').click();
    const panel = page.locator("#panel");
    expect(await panel.innerText())
      .to.contain("DropRefusedError")
      .and.to.contain("Source,Title,Author,URL");
    expect(await panel.innerText()).to.contain("LambdaFunctionFailed");
    await page.locator('[data-state="Set Source"]').focus();
    await page.keyboard.press("Enter");
    expect(await panel.innerText()).to.contain('"source": "bbc-news"');
    expect(complaints).to.deep.equal([]);
    await page.close();
  });

  it("masks what its name calls a secret", async () => {
    const html = renderGraph("headlines", definition, view);
    expect(html).not.to.contain("hush-hush");
    expect(html).not.to.contain(newsKey);
    expect(maskSecrets({ url: "https://me:pw@host/", list: [{ password: "x", key: "y", name: "z" }] })).to.deep.equal({
      url: "https://***@host/",
      list: [{ password: "***", key: "***", name: "z" }],
    });
  });

  it("follows a run that is going on, and keeps the chosen state", async () => {
    const running: RunView = { ...view, status: "RUNNING", endedAt: undefined };
    const { page, file } = await open(renderGraph("headlines", definition, running));
    await page.locator('[data-state="Extract"]').focus();
    await page.keyboard.press("Enter");
    // The page may look at any moment: the file is never half.
    await writeFile(`${file}.new`, renderGraph("headlines", definition, view));
    await rename(`${file}.new`, file);
    await page.locator("#status", { hasText: "FAILED" }).waitFor();
    expect(await page.locator("#panel h2").innerText()).to.equal("Extract");
    await page.close();
  });
});
