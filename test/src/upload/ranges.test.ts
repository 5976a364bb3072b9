import { expect } from "chai";
import fc from "fast-check";

import { createRangeSet } from "../../../src/upload/ranges.ts";

const size = 40;
const range = fc
  .tuple(fc.nat(size), fc.nat(size))
  .map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const);

describe("upload: ranges", () => {
  it("is the set of its bytes, whatever is added in whatever order", () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), range, (added, asked) => {
        const set = createRangeSet();
        const bytes = new Set<number>();
        for (const [start, end] of added) {
          set.add([start, end]);
          for (let at = start; at < end; at += 1) bytes.add(at);
        }
        const list = set.list();
        expect(set.total()).to.equal(bytes.size);
        expect(list.every(([start, end], index) => start < end && start > (list[index - 1]?.[1] ?? -1))).to.be.true;
        expect(
          list.flatMap(([start, end]) => Array.from({ length: end - start }, (_, at) => start + at)),
        ).to.have.members([...bytes]);
        let frontier = 0;
        while (bytes.has(frontier)) frontier += 1;
        expect(set.frontier()).to.equal(frontier);
        const pieces = set.split(asked);
        expect(pieces.map(({ range: [start] }) => start).slice(1)).to.deep.equal(
          pieces.map(({ range: [, end] }) => end).slice(0, -1),
        );
        for (const {
          range: [start, end],
          covered,
        } of pieces)
          for (let at = start; at < end; at += 1) expect(bytes.has(at)).to.equal(covered);
        expect(pieces.reduce((sum, { range: [start, end] }) => sum + end - start, 0)).to.equal(asked[1] - asked[0]);
        const missing = set.missing(size).reduce((sum, [start, end]) => sum + end - start, 0);
        expect(missing).to.equal(size - bytes.size);
      }),
      { numRuns: 2000 },
    );
  });
});
