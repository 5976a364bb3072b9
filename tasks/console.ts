import { overrideTask } from "hardhat/config";

/** `hardhat console --network X` has the deployed contracts at hand by their names. */
export const consoleTask = overrideTask("console")
  .setAction(() => import("./console-action.ts"))
  .build();
