import { task } from "hardhat/config";
import type { TaskDefinition } from "hardhat/types/tasks";

import { describe } from "../describe.ts";

const doctor = task(
  "doctor",
  describe("doctor", "Looks whether everything a command needs is there, with the command that mends what is not", [
    "",
    "--network sepolia",
    "--network sepolia --json",
  ]),
)
  .addFlag({ name: "json", description: "Print one JSON document" })
  .setAction(() => import("./doctor.ts"))
  .build();

export const doctorTasks: TaskDefinition[] = [doctor];
