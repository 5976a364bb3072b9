import { expect } from "chai";

import { loadTokenOf } from "../../../tasks/etl/world.ts";

describe("loadTokenOf", () => {
  for (const url of [undefined, "http://127.0.0.1:8080/drop", "http://localhost:9/drop", "https://[::1]/drop"])
    it(`takes UPLOAD_TOKEN for a server on this machine: ${url ?? "the default"}`, () => {
      expect(loadTokenOf({ LOAD_URL: url, UPLOAD_TOKEN: "own" })).to.equal("own");
      expect(loadTokenOf({ LOAD_URL: url, UPLOAD_TOKEN: "own", LOAD_TOKEN: "meant" })).to.equal("meant");
    });

  for (const url of ["https://drop.example/drop", "https://localhost.example", "http://10.0.0.1/drop", "no address"])
    it(`gives it to nobody else: ${url}`, () => {
      expect(loadTokenOf({ LOAD_URL: url, UPLOAD_TOKEN: "own" })).to.equal(undefined);
      expect(loadTokenOf({ LOAD_URL: url, UPLOAD_TOKEN: "own", LOAD_TOKEN: "meant" })).to.equal("meant");
    });
});
