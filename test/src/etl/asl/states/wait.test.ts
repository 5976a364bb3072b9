import { expect } from "chai";

import { VirtualClock } from "../../../../../src/etl/asl/virtual-clock.ts";
import { runState } from "../../../../helpers/etl/asl.ts";

const start = Date.UTC(2026, 0, 1);

describe("a Wait state", () => {
  for (const [name, state, input, ms] of [
    ["Seconds", { Seconds: 90 }, {}, 90_000],
    ["SecondsPath", { SecondsPath: "$.s" }, { s: 5 }, 5_000],
    ["Timestamp", { Timestamp: "2026-01-02T00:00:00Z" }, {}, 86_400_000],
    ["TimestampPath", { TimestampPath: "$.t" }, { t: "2026-01-01T01:00:00+01:00" }, 0],
    ["a time that has passed", { Timestamp: "2020-01-01T00:00:00Z" }, {}, 0],
    ["an expression for Seconds", { QueryLanguage: "JSONata", Seconds: "{% $states.input.s * 2 %}" }, { s: 5 }, 10_000],
    [
      "an expression for Timestamp",
      { QueryLanguage: "JSONata", Timestamp: "{% $states.input.t %}" },
      { t: "2026-01-01T00:00:01Z" },
      1_000,
    ],
  ] as const) {
    it(`waits for ${name}`, async () => {
      const { result, ms: waited } = await runState(
        { Type: "Wait", ...state },
        { input, clock: new VirtualClock(start) },
      );
      expect(result).to.deep.equal({ status: "SUCCEEDED", output: input });
      expect(waited).to.equal(ms);
    });
  }

  for (const [state, input, message] of [
    [{ SecondsPath: "$.s" }, {}, "The SecondsPath parameter does not reference an input value: $.s"],
    [{ SecondsPath: "$.s" }, { s: -1 }, "The SecondsPath parameter references a negative value: $.s == -1"],
    [{ SecondsPath: "$.s" }, { s: 1.5 }, "The SecondsPath parameter cannot be parsed as a long value: $.s == 1.5"],
    [
      { TimestampPath: "$.t" },
      { t: "2026-13-01T00:00:00Z" },
      "does not reference a valid ISO-8601 extended offset date-time format string: $.t == 2026-13-01T00:00:00Z",
    ],
    [{ Timestamp: "2126-01-01T00:00:00Z" }, {}, "Wait state delay is too long."],
  ] as const) {
    it(`fails with "${message}"`, async () => {
      const { result } = await runState({ Type: "Wait", ...state }, { input });
      expect(result).to.include({ error: "States.Runtime" });
      expect(result).to.have.property("cause").that.includes(message);
    });
  }
});
