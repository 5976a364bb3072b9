import { globSync } from "node:fs";
import { join } from "node:path";

import { overrideTask } from "hardhat/config";

/** `hardhat test mocha` without files runs `test/**\/*.test.ts`: helpers and fixtures are programs of their own. */
export const testTask = overrideTask(["test", "mocha"])
  .setInlineAction(async (args, hre, runSuper) => {
    const folder = hre.config.paths.tests.mocha;
    const testFiles =
      args.testFiles.length > 0
        ? args.testFiles
        : globSync("**/*.test.ts", { cwd: folder })
            .sort()
            .map((file) => join(folder, file));
    return runSuper({ ...args, testFiles });
  })
  .build();
