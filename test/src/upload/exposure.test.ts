import { expect } from "chai";

import { checkExposure, ExposedError } from "../../../src/upload/exposure.ts";

const bare = { hasPassword: false, hasTls: false };

describe("listening beyond this machine", () => {
  for (const host of ["localhost", "127.0.0.1", "127.8.9.1", "::1"])
    it(`is not what ${host} means`, () => expect(() => checkExposure({ ...bare, host })).not.to.throw());

  for (const host of ["0.0.0.0", "::", "192.168.1.4", "::ffff:10.0.0.1", "files.example.org", "127.0.0.1.example.org"])
    it(`is what ${host} means, and needs a password and TLS`, () => {
      expect(() => checkExposure({ ...bare, host })).to.throw(ExposedError, "a password and TLS");
      expect(() => checkExposure({ ...bare, host, hasTls: true })).to.throw(ExposedError, "a password");
      expect(() => checkExposure({ ...bare, host, hasPassword: true })).to.throw(ExposedError, "TLS");
      expect(() => checkExposure({ host, hasPassword: true, hasTls: true })).not.to.throw();
      expect(() => checkExposure({ ...bare, host, insecure: true })).not.to.throw();
    });
});
