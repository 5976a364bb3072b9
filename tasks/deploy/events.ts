import { tmpdir } from "node:os";

import type { DeployEvent } from "../../src/deploy/execute.ts";
import type { DeployResult } from "../../src/deploy/result.ts";
import type { EventLog } from "../../src/ipc/events.ts";

/** The last thing that a watcher is told. */
type End =
  | {
      readonly type: "done";
      readonly status: DeployResult["status"];
      readonly contracts: readonly { readonly name: string; readonly address: string }[];
    }
  | { readonly type: "failed"; readonly reason: string };

export type Publication = {
  readonly publish: (event: DeployEvent | End) => void;
  readonly close: () => Promise<void>;
};

/**
 * Publishes a deployment for `npx hardhat ipc watch` in another terminal. The socket is opened when there is something to
 * send; what happened before reaches the watchers too. A machine without it deploys all the same.
 */
export function publishDeployment(network: string): Publication {
  const early: (DeployEvent | End)[] = [];
  let log: Promise<EventLog | undefined> | undefined;
  let tail: Promise<void> = Promise.resolve();

  function publish(event: DeployEvent | End): void {
    if (log === undefined) early.push(event);
    if (log === undefined && event.type !== "resuming" && !(event.type === "planned" && event.steps > 0)) return;
    const events = log === undefined ? early.splice(0) : [event];
    log ??= open(network);
    tail = tail.then(async () => {
      const opened = await log;
      for (const one of events) opened?.publish("deploy", plain(one));
    });
  }

  return {
    publish,
    async close() {
      await tail;
      await (await log)?.close();
    },
  };
}

async function open(network: string): Promise<EventLog | undefined> {
  try {
    const [{ createEventLog }, { endpointFolder }] = await Promise.all([
      import("../../src/ipc/events.ts"),
      import("../../src/ipc/endpoint.ts"),
    ]);
    const runtimeDir = process.env["XDG_RUNTIME_DIR"];
    return await createEventLog({
      folder: endpointFolder({ runtimeDir, tmpDir: tmpdir() }),
      name: `deploy-${network}`,
    });
  } catch {
    return undefined;
  }
}

/** JSON has no bigint. */
function plain(event: DeployEvent | End): unknown {
  return JSON.parse(
    JSON.stringify(event, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value)),
  );
}
