import { cpus, tmpdir } from "node:os";
import { resolve } from "node:path";

import { writeFileAtomically } from "../../src/files.ts";
import { measure, type Measured } from "../../src/ipc/compare/measure.ts";
import { renderComparison, renderComparisonPage } from "../../src/ipc/compare/render.ts";
import { transportNames } from "../../src/ipc/contract.ts";
import { action } from "../action.ts";
import { transportName } from "./endpoint.ts";

type Arguments = {
  readonly transports: string | undefined;
  readonly url: string | undefined;
  readonly html: string | undefined;
  readonly json: boolean;
};

type Result = { readonly date: string; readonly machine: string; readonly transports: readonly Measured[] };

/** The tutorial's table with figures measured here and now. */
export default action<Arguments, Result>({
  async run({ transports, url, html }, { progress }) {
    const names =
      transports === undefined ? transportNames : transports.split(",").map((name) => transportName(name.trim()));
    const measured = await measure({
      names,
      url,
      tmpDir: tmpdir(),
      core: cpus().length > 1 ? 1 : 0,
      onProgress: (text) => {
        progress.live(text);
      },
    });
    const result = {
      date: new Date().toISOString().slice(0, 10),
      machine: `${cpus()[0]?.model ?? process.arch}, ${process.platform}, Node ${process.version}`,
      transports: measured,
    };
    if (html !== undefined) {
      await writeFileAtomically(resolve(html), renderComparisonPage(measured, result));
      progress.line(`Wrote ${html}`);
    }
    return result;
  },
  render: ({ transports }) => renderComparison(transports),
});
