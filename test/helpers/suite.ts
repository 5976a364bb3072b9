import { makeProject, type Project } from "./project.ts";

/** Two chains of ten contracts, each linked to the one before by its constructor. */
const linkSource = `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

contract Link {
    error NoPrevious(address previous);

    Link public immutable previous;
    uint256 public immutable depth;

    constructor(Link previous_, uint256 depth_) {
        if (depth_ > 1 && previous_.depth() + 1 != depth_) revert NoPrevious(address(previous_));
        previous = previous_;
        depth = depth_;
    }
}
`;

const suiteScript = `import { deployment } from "{repository}/src/deploy/script.ts";

const nothing = "0x0000000000000000000000000000000000000000";

export default deployment(async ({ deploy }) => {
  for (const row of ["A", "B"]) {
    let previous = nothing;
    for (let depth = 1; depth <= 10; depth++) {
      const link = await deploy(\`Link\${row}\${String(depth)}\`, { contract: "Link", args: [previous, depth] });
      previous = link.address;
    }
  }
});
`;

/** A project of 20 contracts in dependency chains 10 deep. */
export function makeSuite(): Promise<Project> {
  return makeProject({ "contracts/Link.sol": linkSource, "scripts/deploy/001_suite.ts": suiteScript });
}

/** A smaller one for tests that run it often: `count` contracts in one chain. */
export function makeChain(count: number): Promise<Project> {
  const script = suiteScript.replace(`["A", "B"]`, `["A"]`).replace("depth <= 10", `depth <= ${String(count)}`);
  return makeProject({ "contracts/Link.sol": linkSource, "scripts/deploy/001_suite.ts": script });
}
