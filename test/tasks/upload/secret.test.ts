import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";

import { expect } from "chai";

import { UsageError } from "../../../src/errors.ts";
import { InterruptedError } from "../../../tasks/action.ts";
import { readPassword } from "../../../tasks/upload/secret.ts";
import { rejection } from "../../helpers/rejection.ts";

describe("the prompt for a password", () => {
  const terminal = (isTTY = true) => ({
    input: Object.assign(new PassThrough(), { isTTY }),
    output: new PassThrough(),
  });

  it("shows the question and nothing of the answer", async () => {
    const { input, output } = terminal();
    const answer = readPassword("New password", { input, output });
    input.write("correct hörse\r");
    expect(await answer).to.equal("correct hörse");
    output.end();
    expect(await text(output)).to.equal("New password: \n");
  });

  for (const [key, name] of [
    ["\u0003", "Ctrl-C"],
    ["\u0004", "Ctrl-D"],
  ] as const)
    it(`ends with ${name}`, async () => {
      const { input, output } = terminal();
      const answer = rejection(readPassword("New password", { input, output }));
      input.write(key);
      expect(await answer).to.be.instanceOf(InterruptedError);
    });

  it("does not wait where nobody could type", async () => {
    expect(await rejection(readPassword("New password", terminal(false)))).to.be.instanceOf(UsageError);
  });
});
