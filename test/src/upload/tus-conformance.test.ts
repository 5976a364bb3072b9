import { expect } from "chai";

import { cases, later, type Case } from "../../helpers/upload/tus-cases.ts";
import { openSessions, options, type Session } from "../../helpers/upload/tus-steps.ts";

/** The cases of the public suite sagikazarmark/tus-conformance-tests, by its ids; stricter where it only looks on. */
describe("upload: tus conformance", () => {
  let begin: () => Session;
  let close: () => Promise<void>;
  before(async () => {
    ({ begin, close } = await openSessions());
  });
  after(async () => {
    await close();
  });

  const run = ([id, title, ...steps]: Case) =>
    it(`${id} ${title}`, async () => {
      const session = begin();
      for (const step of steps) await step(session);
    });
  cases.forEach(run);
  later.forEach(run);

  it("leaves out EXT-CONCAT-007, which is for servers without concatenation-unfinished: UF-001 wants the contrary", async () => {
    await options({ "tus-extension": /(^|,)concatenation-unfinished(,|$)/u })(begin());
    const ids = [...cases, ...later].map(([id]) => id);
    expect(ids).not.to.include("EXT-CONCAT-007");
    expect([cases.length, later.length, new Set(ids).size]).to.deep.equal([122, 22, 144]);
  });
});
