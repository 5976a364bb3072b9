import { expect } from "chai";

import { startAnvil } from "../../helpers/anvil.ts";
import { makeChain } from "../../helpers/suite.ts";
import { fund } from "../../helpers/wallet.ts";

describe("a running deployment", function () {
  this.timeout(120_000);

  it("is shown by ipc watch in another terminal, from its beginning", async () => {
    const [anvil, project] = await Promise.all([startAnvil(["--no-mining"]), makeChain(2)]);
    const { mnemonic } = await fund(anvil);
    // A folder of its own for the endpoints: other deployments may run on this machine.
    const env = { MNEMONIC: mnemonic, SEPOLIA_URL: anvil.url, XDG_RUNTIME_DIR: project.folder };
    const deploying = project.start(["deploy", "--network", "sepolia", "--yes"], env);
    await seen(deploying.child.stderr, "in the journal");
    const watching = project.start(["ipc", "watch"], env);
    await seen(watching.child.stdout, `"signed"`);
    await anvil.request("anvil_mine", "0x1");
    expect((await deploying.finished).code).to.equal(0);
    const { stdout } = await watching.finished;
    for (const type of ["target", "planned", "signed", "sent", "mined", "done"])
      expect(stdout).to.contain(`"type": "${type}"`);
    await anvil.stop();
    await project.remove();
  });
});

/** Resolves once the stream has shown a text. */
async function seen(stream: NodeJS.ReadableStream | null, text: string): Promise<void> {
  let shown = "";
  await new Promise<void>((resolve) => {
    stream?.on("data", (chunk: Buffer) => {
      shown = `${shown}${chunk.toString()}`;
      if (shown.includes(text)) resolve();
    });
  });
}
