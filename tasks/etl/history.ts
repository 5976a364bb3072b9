import { journalPath, listRuns, readJournal } from "../../src/etl/run/journal.ts";
import { renderRun, renderRuns } from "../../src/etl/run/render.ts";
import { type RunView, viewRun } from "../../src/etl/run/view.ts";
import { action } from "../action.ts";

import { etlFolder } from "./world.ts";

type Args = { readonly run: string | undefined };

export default action<Args, readonly RunView[]>({
  async run({ run }, { hre }) {
    const folder = etlFolder(hre);
    const runs = run === undefined ? await listRuns(folder) : [run];
    const views = await Promise.all(runs.map(async (name) => viewRun(await readJournal(journalPath(folder, name)))));
    return views.filter((view) => view !== undefined);
  },
  render: (views, { run }) => (run === undefined ? renderRuns(views) : views.map(renderRun).join("\n")),
});
