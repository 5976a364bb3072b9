import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect } from "chai";

const fixture = fileURLToPath(new URL("../../fixtures/signer/hardened.ts", import.meta.url));

type Started = { readonly child: ChildProcess; readonly line: string };

const nobody = { uid: 65_534, gid: 65_534 };

/** Opens what another process of its user has in /proc. */
const probe = `import sys
def opens(name):
    try:
        open(f"/proc/{sys.argv[1]}/{name}", "rb").read(0)
        return "read"
    except PermissionError:
        return "refused"
print(opens("environ"), opens("mem"), opens("maps"))`;

async function start(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}, user = {}): Promise<Started> {
  const child = spawn(process.execPath, [...args, fixture], {
    ...user,
    cwd: "/",
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, "line")) as [string];
  return { child, line };
}

async function stop({ child }: Started): Promise<void> {
  if (child.exitCode !== null) return;
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}

describe("signer/harden", () => {
  before(function () {
    if (process.platform !== "linux") this.skip();
  });

  it("belongs to root in /proc, and opens no inspector on SIGUSR1", async () => {
    const started = await start();
    expect(started.line).to.equal("hardened");
    const { pid = 0 } = started.child;
    process.kill(pid, "SIGUSR1");
    const refused = await new Promise<Error>((resolve, reject) => {
      createConnection({ host: "127.0.0.1", port: 9229 })
        .on("error", resolve)
        .on("connect", () => reject(new Error("an inspector listens")));
    });
    expect(refused).to.have.property("code", "ECONNREFUSED");
    await stop(started);
  });

  it("cannot be read by another program of the same user, as an ordinary process can", async function () {
    // Root reads everything, so this takes two processes of somebody else.
    if (process.getuid?.() !== 0 && process.env["CI"] !== "true") this.skip();
    const hardened = await start([], {}, nobody);
    const ordinary = await start(["-e", 'console.log("ordinary"); setInterval(() => 0, 1000)', "--"], {}, nobody);
    expect([hardened.line, ordinary.line]).to.deep.equal(["hardened", "ordinary"]);
    const read = async ({ child }: Started) => {
      const { stdout } = await promisify(execFile)("/usr/bin/python3", ["-c", probe, String(child.pid)], {
        ...nobody,
        cwd: "/",
      });
      return stdout.trim();
    };
    expect(await read(ordinary)).to.equal("read read read");
    expect(await read(hardened)).to.equal("refused refused refused");
    await Promise.all([stop(hardened), stop(ordinary)]);
  });

  it("refuses to start where memory would be written out or a debugger is in already", async () => {
    const inspected = await start(["--inspect=127.0.0.1:0"]);
    expect(inspected.line).to.contain("refused A debugger");
    const dumping = await start(["--heapsnapshot-signal=SIGUSR2"]);
    expect(dumping.line).to.contain("refused Node was started with --heapsnapshot-signal=SIGUSR2");
    const byOptions = await start([], { NODE_OPTIONS: "--report-on-signal" });
    expect(byOptions.line).to.contain("refused");
    const underscored = await start([], { NODE_OPTIONS: "--diagnostic_dir=/tmp" });
    expect(underscored.line).to.contain("refused");
  });
});
