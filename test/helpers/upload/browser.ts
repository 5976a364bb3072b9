import { existsSync } from "node:fs";

import { chromium, type Browser } from "playwright-core";

const executablePath = "/usr/bin/chromium";

const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Debian's Chromium; where it is missing the suite is skipped with a word, and fails on CI. */
export async function launchBrowser(suite: Mocha.Context): Promise<Browser> {
  if (!existsSync(executablePath)) {
    if (process.env["CI"] === "true") throw new Error(`${executablePath} is missing: apt-get install chromium`);
    console.warn("      skipped: apt-get install chromium");
    suite.skip();
  }
  return chromium.launch({ executablePath, args });
}
