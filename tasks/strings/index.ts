import { emptyTask, task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";

import { describe } from "../describe.ts";

const check = task(
  ["strings", "check"],
  describe("strings check", "Finds strings built with +, by type, and rewrites them as templates", [
    "",
    "src/a.ts scripts",
    "--fix",
    "--json",
  ]),
)
  .addVariadicArgument({
    name: "files",
    description: "Files and folders of any TypeScript or JavaScript project; by default the current folder",
    type: ArgumentType.FILE,
    defaultValue: ["."],
  })
  .addFlag({ name: "fix", description: "Rewrite what means the same as a template" })
  .addFlag({ name: "json", description: "Print one JSON document" })
  .setAction(() => import("./check.ts"))
  .build();

export const stringsTasks: TaskDefinition[] = [
  emptyTask("strings", "How this project builds its strings").build(),
  check,
];
