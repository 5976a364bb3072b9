import { messageOf } from "../../src/errors.ts";
import { journalPath, listRuns, readJournal, RunMissingError } from "../../src/etl/run/journal.ts";
import { renderRun, renderRuns } from "../../src/etl/run/render.ts";
import { type RunView, viewRun } from "../../src/etl/run/view.ts";
import { action } from "../action.ts";

import { etlFolder } from "./world.ts";

type Args = { readonly run: string | undefined };

export default action<Args, readonly RunView[]>({
  async run({ run }, { hre, progress }) {
    const folder = etlFolder(hre);
    const view = async (name: string) => viewRun(await readJournal(journalPath(folder, name)));
    if (run !== undefined) {
      const found = await view(run);
      if (found === undefined) throw new RunMissingError(`${run} has not begun`, { hint: "npx hardhat etl history" });
      return [found];
    }
    const names = await listRuns(folder);
    // One journal that cannot be read hides no other run.
    const views = await Promise.all(
      names.map(async (name) =>
        view(name).catch((error: unknown) => {
          progress.line(messageOf(error));
          return undefined;
        }),
      ),
    );
    return views.filter((found) => found !== undefined);
  },
  render: (views, { run }) => (run === undefined ? renderRuns(views) : views.map(renderRun).join("\n")),
});
