import type { TaskDefinition } from "hardhat/types/tasks";

import { coinTasks } from "./coin/index.ts";
import { consoleTask } from "./console.ts";
import { deployTasks } from "./deploy/index.ts";
import { deploymentsTasks } from "./deployments/index.ts";
import { doctorTasks } from "./doctor/index.ts";
import { etlTasks } from "./etl/index.ts";
import { gasTasks } from "./gas/index.ts";
import { ipcTasks } from "./ipc/index.ts";
import { stringsTasks } from "./strings/index.ts";
import { testTask } from "./test.ts";
import { uploadTasks } from "./upload/index.ts";
import { walletTasks } from "./wallet/index.ts";

/** Every command of the project, an area a line. */
export const tasks: TaskDefinition[] = [
  ...deployTasks,
  ...deploymentsTasks,
  ...coinTasks,
  ...gasTasks,
  ...walletTasks,
  ...doctorTasks,
  ...uploadTasks,
  ...etlTasks,
  ...ipcTasks,
  ...stringsTasks,
  consoleTask,
  testTask,
];
