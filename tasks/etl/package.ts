import { join } from "node:path";

import { writeFileAtomically } from "../../src/files.ts";
import { bundlePipeline } from "../../src/etl/package/bundle.ts";
import { findPipeline } from "../../src/etl/pipelines.ts";
import { action } from "../action.ts";

import { etlFolder } from "./world.ts";

type Args = { readonly pipeline: string; readonly out: string | undefined };

type Packed = { readonly handler: string; readonly file: string; readonly bytes: number; readonly sha256: string };

export default action<Args, readonly Packed[]>({
  async run({ pipeline: name, out }, { hre }) {
    const pipeline = findPipeline(name);
    const folder = out ?? join(etlFolder(hre), "packages");
    const bundles = await bundlePipeline(pipeline);
    return Promise.all(
      bundles.map(async ({ handler, zip, sha256 }) => {
        const file = join(folder, `${name}-${handler}.zip`);
        await writeFileAtomically(file, zip);
        return { handler, file, bytes: zip.length, sha256 };
      }),
    );
  },
  render: (packed) =>
    packed
      .map(({ file, bytes, sha256 }) => [sha256, String(Math.ceil(bytes / 1024)).padStart(5), "KiB ", file].join(" "))
      .join("\n"),
});
