// Records a command in a terminal of its own (script, from util-linux) and draws what was seen as an SVG that plays once.
//
//   node scripts/record.ts                                  writes docs/deploy.svg from `npx hardhat deploy`
//   node scripts/record.ts docs/x.svg "npx hardhat gas"
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { writeFileAtomically } from "../src/files.ts";
import { draw, type Frame } from "./record/draw.ts";
import { createScreen } from "./record/screen.ts";

const [target = "docs/deploy.svg", command = "npx hardhat deploy"] = process.argv.slice(2);
const columns = 100;

const frames = [{ atMs: 0, lines: [`$ ${command}`] }, ...record(command)];
await writeFileAtomically(target, draw(frames, { columns, title: command }));

/** Runs the command and gives what the screen showed after each burst of output. */
function record(line: string): readonly Frame[] {
  const folder = mkdtempSync(join(tmpdir(), "metacoin-record-"));
  const [output, timing] = [join(folder, "output"), join(folder, "timing")];
  try {
    const typed = `stty cols ${String(columns)} rows 40; ${line}`;
    execFileSync("script", ["-qec", typed, "--log-out", output, "--log-timing", timing], {
      stdio: "ignore",
      // npm's own spinner and warnings are none of the command's output.
      env: {
        ...process.env,
        npm_config_loglevel: "silent",
        npm_config_progress: "false",
        PATH: `${process.cwd()}/node_modules/.bin:${process.env["PATH"] ?? ""}`,
      },
    });
    return replay(readFileSync(output), readFileSync(timing, "utf8"), line);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The log of times has a line a burst: seconds since the one before, and how many bytes came. */
function replay(output: Buffer, timing: string, line: string): readonly Frame[] {
  const screen = createScreen();
  screen.write(`$ ${line}\r\n`);
  // script heads its log with a line of its own.
  let at = output.indexOf("\n") + 1;
  let atMs = 400;
  const seen: Frame[] = [];
  for (const [, seconds = "", bytes = ""] of timing.matchAll(/^([\d.]+) (\d+)$/gmu)) {
    atMs += Number(seconds) * 1_000;
    screen.write(output.subarray(at, at + Number(bytes)).toString());
    at += Number(bytes);
    seen.push({ atMs, lines: screen.lines() });
  }
  return seen;
}
