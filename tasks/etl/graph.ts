import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { UsageError } from "../../src/errors.ts";
import { isObject, parseJson } from "../../src/etl/asl/json.ts";
import { toMermaid } from "../../src/etl/graph/mermaid.ts";
import { graphOf } from "../../src/etl/graph/model.ts";
import { renderGraph } from "../../src/etl/graph/page.ts";
import { findPipeline, readDefinition } from "../../src/etl/pipelines.ts";
import { journalPath, readJournal } from "../../src/etl/run/journal.ts";
import { type RunView, viewRun } from "../../src/etl/run/view.ts";
import { writeFileAtomically } from "../../src/files.ts";
import { action } from "../action.ts";
import { openInBrowser } from "../browser.ts";

import { etlFolder } from "./world.ts";

type Args = {
  readonly pipeline: string;
  readonly run: string | undefined;
  readonly open: boolean;
  readonly mermaid: boolean;
};

type Drawn = { readonly file: string } | { readonly mermaid: string };

export default action<Args, Drawn>({
  async run({ pipeline: name, run, open, mermaid }, { hre, progress, signal }) {
    const definition = await readDefinition(findPipeline(name));
    if (mermaid) {
      const parsed = parseJson(definition);
      return { mermaid: toMermaid(graphOf(isObject(parsed) ? parsed : {})) };
    }
    const folder = etlFolder(hre);
    const file = join(folder, "graphs", `${run ?? name}.html`);
    const draw = async (): Promise<RunView | undefined> => {
      const view = run === undefined ? undefined : viewRun(await readJournal(journalPath(folder, run)));
      if (view !== undefined && view.pipeline !== name)
        throw new UsageError(`${view.run} is a run of ${view.pipeline}`, {
          hint: `npx hardhat etl graph ${view.pipeline} --run ${view.run}`,
        });
      // It holds inputs and outputs: for the user alone.
      const html = renderGraph(name, view?.definition ?? definition, view);
      await writeFileAtomically(file, html, { mode: 0o600 });
      return view;
    };
    let view = await draw();
    if (open) openInBrowser(file);
    if (view?.status === "RUNNING") progress.line(`${file} follows the run; Ctrl-C ends that`);
    while (view?.status === "RUNNING" && !signal.aborted) {
      await sleep(500, undefined, { signal }).catch(() => undefined);
      view = await draw();
    }
    return { file };
  },
  render: (drawn) => ("file" in drawn ? drawn.file : drawn.mermaid),
});
