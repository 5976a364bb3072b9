import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { expect } from "chai";
import hre from "hardhat";
import { TaskDefinitionType } from "hardhat/types/tasks";

import { tasks } from "../tasks/index.ts";
import { copyRepository, examplesOf, listPages, matches, normalise, readPage } from "./helpers/docs.ts";
import { repository } from "./helpers/project.ts";

/** With UPDATE_DOCS=1 the pages get what the commands print now. */
const update = process.env["UPDATE_DOCS"] === "1";

describe("the documentation", function () {
  this.timeout(300_000);

  it("shows what its commands print", async () => {
    const copy = await copyRepository();
    const wrong: string[] = [];
    let ran = 0;
    try {
      for (const page of await listPages()) {
        const text = await readPage(page);
        let updated = text;
        for (const { line, steps } of examplesOf(text))
          for (const { command, shown, exitCode } of steps) {
            const real = await copy.run(command);
            ran++;
            if (matches(shown, real.output) && real.exitCode === exitCode) continue;
            wrong.push(
              [
                `${page}:${String(line)}: ${command}`,
                `exit code ${String(real.exitCode)}`,
                normalise(real.output),
              ].join("\n"),
            );
            const former = [`$ ${command}`, ...(shown === "" ? [] : [shown])].join("\n");
            updated = updated.replace(former, () => `$ ${command}\n${real.output}`);
          }
        if (update && updated !== text) await writeFile(join(repository, page), updated);
      }
    } finally {
      await copy.remove();
    }
    expect(wrong.join("\n\n")).to.equal("");
    expect(ran).to.be.greaterThan(5);
  });

  it("leads to files that are there", async () => {
    const broken: string[] = [];
    for (const page of await listPages()) {
      const text = (await readPage(page)).replaceAll(/```[\s\S]*?```/gu, "");
      for (const [, target = ""] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/gu))
        if (!/^[a-z]+:/u.test(target) && !existsSync(join(repository, dirname(page), target)))
          broken.push(`${page}: ${target}`);
    }
    expect(broken).to.deep.equal([]);
  });

  it("lists every command of the project in the README, with its own description", async () => {
    const readme = await readPage("README.md");
    const [, listed = ""] = /<!-- commands -->\n([\s\S]*?)<!-- end -->/u.exec(readme) ?? [];
    const table = renderCommands();
    const blanks = (text: string) => text.replaceAll(/[ -]+/gu, " ").trim();
    if (update && blanks(listed) !== blanks(table))
      await writeFile(
        join(repository, "README.md"),
        readme.replace(/(?<=<!-- commands -->\n)[\s\S]*?(?=<!-- end -->)/u, () => `\n${table}\n\n`),
      );
    expect(blanks(listed)).to.equal(blanks(table));
  });

  it("has one page for each area of the command line", async () => {
    const index = await readPage("docs/README.md");
    const pages = (await listPages()).filter((page) => page.startsWith("docs/") && page !== "docs/README.md");
    for (const page of pages) expect(index).to.include(`(${page.slice("docs/".length)})`);
  });
});

/** The project's own commands, in the order of tasks/index.ts. */
function renderCommands(): string {
  const own = tasks
    .filter(({ type }) => type === TaskDefinitionType.NEW_TASK)
    .map(({ id }) => hre.tasks.getTask(id))
    .filter(({ isEmpty }) => !isEmpty);
  return [
    "| command | what it does |",
    "| --- | --- |",
    ...own.map(({ id, description }) => `| \`npx hardhat ${id.join(" ")}\` | ${description} |`),
  ].join("\n");
}
