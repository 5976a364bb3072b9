import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { expect } from "chai";
import type { Browser, Page } from "playwright-core";

import { page } from "../../../src/page.ts";
import { renderReport, type ReportedNetwork } from "../../../src/registry/report/report.ts";
import { parseRun, readRuns } from "../../../src/registry/report/runs.ts";
import { reportStyle } from "../../../src/registry/report/style.ts";
import { makeReportedNetwork } from "../../helpers/deployments/reported.ts";
import { launchBrowser } from "../../helpers/upload/browser.ts";

describe("the report of deployments", function () {
  this.timeout(120_000);
  let browser: Browser;
  let folder: string;

  before(async function () {
    browser = await launchBrowser(this);
    folder = await mkdtemp(join(tmpdir(), "report-"));
  });
  after(async () => {
    await browser?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  /** Opens the page from its file; a request or a complaint is a failure. */
  async function open(network: ReportedNetwork, colorScheme: "light" | "dark" = "light"): Promise<Page> {
    const file = join(folder, "report.html");
    await writeFile(file, page({ title: "Report", style: reportStyle, body: renderReport([network]) }));
    const opened = await browser.newPage({ colorScheme, viewport: { width: 1200, height: 900 } });
    const complaints: string[] = [];
    opened.on("request", (request) => {
      if (!/^(file|data):/u.test(request.url())) complaints.push(request.url());
    });
    opened.on("console", (message) => complaints.push(message.text()));
    opened.on("pageerror", (error) => complaints.push(error.message));
    await opened.goto(pathToFileURL(file).href);
    expect(complaints).to.deep.equal([]);
    return opened;
  }

  it("shows every deployment with its links, former ones too, and takes names for text", async () => {
    const opened = await open(makeReportedNetwork());
    const rows = await opened
      .locator("section > div.card tbody tr")
      .evaluateAll((found) => found.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent)));
    expect(rows.map(([name]) => name)).to.deep.equal(["ConvertLib", "MetaCoin", "MetaCoin superseded", "<b>Vault</b>"]);
    expect(rows[0]?.slice(2)).to.deep.equal([
      "2026-11-22 21:14:14",
      "101",
      "0x58A5…1b25",
      "86,580",
      "0.00000411227",
      "etherscan, sourcify",
    ]);
    const links = await opened.locator("a").evaluateAll((found) => found.map((link) => link.getAttribute("href")));
    expect(links).to.include(`https://sepolia.etherscan.io/address/0x${"0".repeat(40)}`);
    expect(links).to.include(`https://sepolia.etherscan.io/tx/0x${"a".repeat(64)}`);
    expect(links.filter((link) => !link?.startsWith("https://"))).to.deep.equal([]);
    await opened.close();
  });

  it("draws gas as long as it was, and only what landed as filled", async () => {
    const opened = await open(makeReportedNetwork());
    const bars = await opened
      .locator("article:first-of-type .gas rect")
      .evaluateAll((found) => found.map((bar) => [bar.getAttribute("class"), Number(bar.getAttribute("width"))]));
    expect(bars.map(([name]) => name)).to.deep.equal(["bar", "bar", "bar", "bar planned"]);
    const [library = 0, coin = 0, vault = 0] = bars.map(([, width]) => Number(width));
    expect(Math.abs(library / vault - 86_580 / 341_007)).to.be.below(0.01);
    expect(Math.abs(coin / vault - 213_101 / 341_007)).to.be.below(0.01);
    // What the chain says of a fee.
    expect(await opened.locator("article:first-of-type .gas").textContent()).to.contain("0.0000300086 ETH");
    await opened.close();
  });

  it("draws the base fee over the blocks, with a dot where a step was mined", async () => {
    const opened = await open(makeReportedNetwork());
    const titles = await opened.locator(".fees circle title").allTextContents();
    expect(titles).to.deep.equal(["block 101: 0.061 gwei", "block 103: 0.086 gwei", "block 105: 0.08 gwei"]);
    await opened.close();
  });

  it("draws signing, sending, bumping and confirming in the order of time", async () => {
    const opened = await open(makeReportedNetwork());
    const marks = await opened.locator("svg.timeline:not(.key) .mark").evaluateAll((found) =>
      found.map((mark) => {
        const { x, y } = mark.getBoundingClientRect();
        return { kind: mark.classList[1] ?? "", x, y: Math.round(y / 20) };
      }),
    );
    const perRow = [...Map.groupBy(marks, ({ y }) => y).values()];
    expect(perRow.map((row) => row.map(({ kind }) => kind).join(" "))).to.deep.equal([
      "signed sent mined",
      "signed sent mined reorganised resent mined",
      "signed sent replaced mined",
      "signed sent",
    ]);
    for (const row of perRow)
      expect(row.map(({ x }) => x)).to.deep.equal(row.map(({ x }) => x).toSorted((a, b) => a - b));
    expect(await opened.locator("details").count()).to.equal(1);
    await opened.locator("summary").click();
    expect(await opened.locator("details").innerText()).to.contain("replaced with a higher fee");
    await opened.close();
  });

  it("is readable in light and dark, and does not scroll sideways on a telephone", async () => {
    for (const scheme of ["light", "dark"] as const) {
      const opened = await open(makeReportedNetwork(), scheme);
      const colours = await opened.evaluate<string[]>(
        "(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.body))",
      );
      const [text, back] = colours.map((colour) =>
        (colour.match(/\d+/gu) ?? []).map(Number).reduce((sum, part) => sum + part, 0),
      );
      expect(Math.abs((text ?? 0) - (back ?? 0)), scheme).to.be.greaterThan(450);
      await opened.setViewportSize({ width: 390, height: 800 });
      expect(await opened.evaluate<number>("document.documentElement.scrollWidth")).to.be.at.most(390);
      const shots = process.env["REPORT_SHOTS"];
      if (shots !== undefined) {
        await opened.screenshot({ path: join(shots, `narrow-${scheme}.png`), fullPage: true });
        await opened.setViewportSize({ width: 1200, height: 900 });
        await opened.screenshot({ path: join(shots, `wide-${scheme}.png`), fullPage: true });
      }
      await opened.close();
    }
  });

  it("says what is missing where the journal is elsewhere, or no endpoint answered", async () => {
    const network = makeReportedNetwork();
    const opened = await open(network);
    expect(await opened.locator("article").last().innerText()).to.contain("journal of this run is not on this machine");
    await opened.close();
    expect(renderReport([{ ...network, chain: undefined }])).to.contain("No endpoint answered");
    const elsewhere = renderReport([{ ...network, runs: [], chain: undefined }]);
    expect(elsewhere.match(/is not on this machine/gu)).to.have.length(2);
    expect(elsewhere).to.not.contain('<svg class="timeline"').and.to.not.contain("No endpoint");
  });

  it("reads journals of runs that are over and of the one that is not, and nothing where there is none", async () => {
    expect(await readRuns(join(folder, "nothing"))).to.deep.equal([]);
    expect(parseRun(`{"type":"sealed"}\n`, true)).to.equal(undefined);
    const head = { type: "run", id: "20270101T000000Z-1", startedAt: "2027-01-01T00:00:00Z", startBlock: 1, steps: [] };
    await writeFile(join(folder, ".journal.jsonl"), `${JSON.stringify(head)}\n`);
    expect(await readRuns(folder)).to.deep.equal([
      { id: head.id, startedAt: head.startedAt, startBlock: 1, finished: false, steps: [], events: [] },
    ]);
  });
});
