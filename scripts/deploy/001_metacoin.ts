import { deployment } from "../../src/deploy/script.ts";

/** ConvertLib, and MetaCoin linked to it. */
export default deployment(
  async ({ deploy }) => {
    await deploy("ConvertLib");
    await deploy("MetaCoin");
  },
  { tags: ["coin"] },
);
