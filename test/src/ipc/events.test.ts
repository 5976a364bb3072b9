import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { IpcEvent } from "../../../src/ipc/contract.ts";
import { createEventLog, fateOf, findEventLogs, findOnlyEventLog, watchEventLog } from "../../../src/ipc/events.ts";

describe("event log", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ipc-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Gathers until the source has ended. */
  const watchToEnd = async (path: string, after?: number) => {
    const events: IpcEvent[] = [];
    const connection = await watchEventLog(path, {
      folder,
      ...(after === undefined ? {} : { after }),
      onEvent: (event) => events.push(event),
    });
    return { events, ended: connection.closed };
  };

  it("replays everything to a late watcher, then goes on live; nothing twice, nothing lost", async () => {
    const log = await createEventLog({ folder, name: "deploy sepolia" });
    for (let index = 1; index <= 100; index += 1) log.publish("step", { index });
    const late = await watchToEnd(log.path);
    const later = await watchToEnd(log.path, 90);
    for (let index = 101; index <= 200; index += 1) log.publish("step", { index });
    await log.close();
    await Promise.all([late.ended, later.ended]);
    expect(late.events.map(({ sequence }) => sequence)).to.deep.equal(
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
    expect(later.events[0]).to.deep.equal({ topic: "step", data: { index: 91 }, sequence: 91 });
    expect(later.events).to.have.length(110);
  });

  it("is a socket of mode 0600 that goes with its command", async () => {
    const log = await createEventLog({ folder, name: "deploy" });
    expect(statSync(log.path).mode & 0o777).to.equal(0o600);
    expect(findOnlyEventLog(folder)).to.equal(log.path);
    await log.close();
    expect(existsSync(log.path)).to.equal(false);
    expect(findEventLogs(folder)).to.deep.equal([]);
  });

  it("forgets sockets of killed commands", () => {
    writeFileSync(join(folder, "deploy-99.events.sock"), "");
    expect(findEventLogs(folder)).to.deep.equal([]);
    expect(() => findOnlyEventLog(folder)).to.throw("Nothing that publishes events runs here");
  });

  it("tells an end from a kill, and from a watcher who was dropped", async () => {
    const log = await createEventLog({ folder, name: "deploy" });
    expect(fateOf(log.path)).to.equal("goes on");
    await log.close();
    expect(fateOf(log.path)).to.equal("ended");
    writeFileSync(log.path, "");
    expect(fateOf(log.path)).to.equal("killed");
  });

  it("asks which one when several run", async () => {
    const logs = [await createEventLog({ folder, name: "a" }), await createEventLog({ folder, name: "b" })];
    expect(() => findOnlyEventLog(folder))
      .to.throw()
      .with.property("code", "SEVERAL_EVENT_LOGS");
    for (const log of logs) await log.close();
  });
});
