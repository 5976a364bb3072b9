import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { makeMetaCoin } from "../../test/helpers/metacoin.ts";
import { makeProject, type Project, repository } from "../../test/helpers/project.ts";
import { makeSuite } from "../../test/helpers/suite.ts";
import { installHardhatDeploy } from "./peers.ts";

export type Suite = "metacoin" | "twenty";

export type ToolName = "bare" | "ours" | "ignition" | "ignition-default" | "hardhat-deploy";

/** A program that deploys a suite from a project that is built. */
export type Contestant = {
  readonly tool: ToolName;
  readonly suite: Suite;
  readonly project: Project;
  /** Runs it in a process of its own to its end. */
  readonly deploy: (project: Project, url: string, privateKey: string) => Promise<{ code: number | null; log: string }>;
  /** Whether it keeps records, so that it can be run again. */
  readonly records: boolean;
};

export const creations: Readonly<Record<Suite, number>> = { metacoin: 2, twenty: 20 };

/** Every tool with every suite, built, Ignition's default with MetaCoin alone. */
export async function makeContestants(only: readonly ToolName[]): Promise<readonly Contestant[]> {
  const found = [];
  for (const suite of ["metacoin", "twenty"] as const) {
    const ours = suite === "metacoin" ? await makeMetaCoin() : await makeSuite();
    await build(ours, "default");
    for (const tool of only) {
      if (tool === "ignition-default" && suite === "twenty") continue;
      found.push(await makeContestant(tool, suite, ours));
    }
  }
  return found;
}

async function makeContestant(tool: ToolName, suite: Suite, ours: Project): Promise<Contestant> {
  switch (tool) {
    case "bare":
      return { tool, suite, project: ours, deploy: deployBare(suite), records: false };
    case "ours":
      return hardhat(tool, suite, ours, ["deploy", "--network", "sepolia", "--yes"]);
    case "ignition":
    case "ignition-default": {
      const project = await makeIgnition(suite, tool === "ignition" ? "{ requiredConfirmations: 1 }" : "{}");
      return hardhat(tool, suite, project, ["ignition", "deploy", "ignition/modules/Suite.ts", "--network", "sepolia"]);
    }
    case "hardhat-deploy":
      return hardhat(tool, suite, await makeHardhatDeploy(suite), ["deploy", "--network", "sepolia", "--skip-prompts"]);
  }
}

function hardhat(tool: ToolName, suite: Suite, project: Project, args: readonly string[]): Contestant {
  return {
    tool,
    suite,
    project,
    async deploy({ run }, url, privateKey) {
      const env = { SEPOLIA_URL: url, PRIVATE_KEY: privateKey, HARDHAT_IGNITION_CONFIRM_DEPLOYMENT: "false" };
      const { code, stdout, stderr } = await run(args, env);
      return { code, log: `${stdout}${stderr}` };
    },
    records: true,
  };
}

function deployBare(suite: Suite): Contestant["deploy"] {
  const program = join(repository, "bench/deploy/bare.ts");
  return ({ folder }, url, privateKey) =>
    new Promise((resolve) => {
      const env = { ...process.env, URL: url, PRIVATE_KEY: privateKey };
      const child = execFile(
        process.execPath,
        [program, suite, join(folder, "artifacts")],
        { env },
        (_, stdout, stderr) => resolve({ code: child.exitCode, log: `${stdout}${stderr}` }),
      );
    });
}

/** A copy's files are new, so whatever looks at their times looks again: at its first run, which is not measured. */
export async function copyContestant(contestant: Contestant): Promise<Contestant> {
  return { ...contestant, project: await contestant.project.copy() };
}

export async function forget({ project }: Contestant): Promise<void> {
  for (const folder of ["deployments", "ignition/deployments"]) {
    await rm(join(project.folder, folder), { recursive: true, force: true });
  }
}

/** The same contracts and compiler, with nothing but the peer's own plugin. */
async function makePeer(suite: Suite, plugin: string, more: string, files: Readonly<Record<string, string>>) {
  const names = suite === "metacoin" ? ["ConvertLib", "MetaCoin"] : ["Link"];
  const source = suite === "metacoin" ? { folder: repository, remove: () => undefined } : await makeSuite();
  const contracts = names.map(async (name) => {
    const path = `contracts/${name}.sol`;
    return [path, await readFile(join(source.folder, path), "utf8")] as const;
  });
  const project = await makeProject({
    ...Object.fromEntries(await Promise.all(contracts)),
    "hardhat.config.ts": config(plugin, more),
    ...files,
  });
  await source.remove();
  // Ignition builds what is missing of this profile.
  await build(project, "production");
  return project;
}

function config(plugin: string, more: string): string {
  return `import { defineConfig } from "hardhat/config";
import plugin from "${plugin}";

const compiler = {
  version: "0.8.37",
  path: "{repository}/node_modules/solc/soljson.js",
  settings: { evmVersion: "osaka", viaIR: true, optimizer: { enabled: true, runs: 200 } },
};

export default defineConfig({
  plugins: [plugin],
  solidity: { profiles: { default: compiler, production: { ...compiler, isolated: false } } },
  networks: {
    sepolia: {
      type: "http",
      chainType: "l1",
      chainId: 11155111,
      url: process.env.SEPOLIA_URL ?? "http://127.0.0.1",
      accounts: process.env.PRIVATE_KEY ? [process.env.PRIVATE_KEY] : [],
    },
  },
  ${more}
});
`;
}

function makeIgnition(suite: Suite, settings: string): Promise<Project> {
  const body = {
    metacoin: `const ConvertLib = m.library("ConvertLib");
  return { coin: m.contract("MetaCoin", [], { libraries: { ConvertLib } }) };`,
    twenty: `const links: Record<string, ReturnType<typeof m.contract>> = {};
  for (const row of ["A", "B"]) {
    for (let depth = 1; depth <= 10; depth++) {
      const previous = links[\`\${row}\${depth - 1}\`] ?? \`0x\${"0".repeat(40)}\`;
      links[\`\${row}\${depth}\`] = m.contract("Link", [previous, depth], { id: \`Link\${row}\${depth}\` });
    }
  }
  return links;`,
  }[suite];
  const module = `import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

export default buildModule("Suite", (m) => {
  ${body}
});
`;
  return makePeer(suite, "@nomicfoundation/hardhat-ignition", `ignition: ${settings},`, {
    "ignition/modules/Suite.ts": module,
  });
}

async function makeHardhatDeploy(suite: Suite): Promise<Project> {
  const modules = await installHardhatDeploy();
  const artifact = (name: string) =>
    `import ${name} from "../artifacts/contracts/${name}.sol/${name}.json" with { type: "json" };`;
  const { head, body } = {
    metacoin: {
      head: [artifact("ConvertLib"), artifact("MetaCoin")].join("\n"),
      body: `const library = await deploy("ConvertLib", { account, artifact: ConvertLib });
    // Without the option a contract that is linked would be deployed anew by every run.
    const options = { libraries: { ConvertLib: library.address }, skipIfAlreadyDeployed: true };
    await deploy("MetaCoin", { account, artifact: MetaCoin }, options);`,
    },
    twenty: {
      head: artifact("Link"),
      body: `for (const row of ["A", "B"]) {
      let previous = \`0x\${"0".repeat(40)}\`;
      for (let depth = 1; depth <= 10; depth++) {
        const args = [previous, depth];
        ({ address: previous } = await deploy(\`Link\${row}\${depth}\`, { account, artifact: Link, args }));
      }
    }`,
    },
  }[suite];
  return makePeer(suite, `${modules}/hardhat-deploy/dist/index.js`, "", {
    "rocketh/config.ts": `export const config = { accounts: { deployer: { default: 0 } }, data: {} };\n`,
    "deploy/001_suite.ts": `import * as extensions from "${modules}/@rocketh/deploy/dist/index.js";
import { setupDeployScripts } from "${modules}/rocketh/dist/index.js";
${head}

const { deployScript } = setupDeployScripts(extensions);

export default deployScript(
  async ({ deploy, namedAccounts: { deployer: account } }) => {
    ${body}
  },
  { tags: ["suite"] },
);
`,
  });
}

async function build(project: Project, profile: string): Promise<void> {
  const { code, stderr } = await project.run(["build", "--build-profile", profile]);
  if (code !== 0) throw new Error(`A project was not built: ${stderr}`);
}
