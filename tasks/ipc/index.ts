import { emptyTask } from "hardhat/config";
import type { TaskDefinition } from "hardhat/types/tasks";

import { signerTasks } from "./signer-tasks.ts";

export const ipcTasks: TaskDefinition[] = [
  emptyTask("ipc", "Seven ways for two programs to talk, and a signer that uses one").build(),
  ...signerTasks,
];
