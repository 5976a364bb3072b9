import { messageOf } from "../../src/errors.ts";
import { openSchedules, type Schedule } from "../../src/etl/schedule/store.ts";
import { action } from "../action.ts";

import { etlFolder } from "./world.ts";

export default action<object, readonly Schedule[]>({
  run: async (_, { hre, progress }) =>
    openSchedules(etlFolder(hre)).list((error) => progress.line(`Left out: ${messageOf(error)}`)),
  render: (schedules) =>
    schedules.length === 0
      ? 'No schedules: npx hardhat etl schedule headlines "rate(1 hour)"'
      : schedules
          .map(({ id, expression, overlap, missed, nextFire }) =>
            [id, expression, `overlap ${overlap}`, `missed ${missed}`, `next ${nextFire ?? "never"}`].join("  "),
          )
          .join("\n"),
});
