import { openSchedules } from "../../src/etl/schedule/store.ts";
import { action } from "../action.ts";

import { etlFolder } from "./world.ts";

type Args = { readonly id: string };

export default action<Args, { readonly removed: string }>({
  async run({ id }, { hre }) {
    await openSchedules(etlFolder(hre)).remove(id);
    return { removed: id };
  },
  render: ({ removed }) => `Removed ${removed}`,
});
