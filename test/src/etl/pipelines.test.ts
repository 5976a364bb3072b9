import { expect } from "chai";

import { UsageError } from "../../../src/errors.ts";
import { validateMachine } from "../../../src/etl/asl/parse.ts";
import { bindHandlers, findPipeline, handlerOf, localArn, readDefinition } from "../../../src/etl/pipelines.ts";

for (const name of ["headlines", "transfers"])
  describe(`the machine of ${name}`, () => {
    it("is valid, by AWS's rules", async () => {
      const pipeline = findPipeline(name);
      const bound = bindHandlers(await readDefinition(pipeline), (handler) => localArn(pipeline, handler));
      expect(validateMachine(bound)).to.deep.equal([]);
    });

    it("names every handler of the pipeline, and no other", async () => {
      const pipeline = findPipeline(name);
      const named = new Set<string>();
      bindHandlers(await readDefinition(pipeline), (handler) => {
        named.add(handler);
        return localArn(pipeline, handler);
      });
      expect([...named].sort()).to.deep.equal(Object.keys(pipeline.handlers).sort());
      for (const handler of named) expect(handlerOf(pipeline, localArn(pipeline, handler))).to.equal(handler);
    });
  });

describe("findPipeline", () => {
  it("names the pipelines where there is none of a name", () => {
    expect(() => findPipeline("constructor")).to.throw(UsageError);
  });
});
