import { expect } from "chai";

import { checkEnvFile, type EnvFile } from "../../../src/doctor/secrets.ts";

describe("doctor: the .env file", () => {
  const cases: readonly [what: string, file: EnvFile | undefined, status: string, finding: string, hint?: string][] = [
    ["none", undefined, "ok", "there is none"],
    ["a private one", { mode: 0o600, git: "ignored" }, "ok", "mode 0600, not in git"],
    ["one on Windows", { mode: undefined, git: "ignored" }, "ok", "git ignores it"],
    ["one outside a repository", { mode: 0o400, git: "no repository" }, "ok", "mode 0400"],
    ["one that others read", { mode: 0o644, git: "ignored" }, "broken", "its mode 0644 lets other", "chmod 600 .env"],
    [
      "one that a group writes",
      { mode: 0o620, git: "ignored" },
      "broken",
      "its mode 0620 lets other",
      "chmod 600 .env",
    ],
    ["one in git", { mode: 0o600, git: "tracked" }, "broken", "git tracks it", "git rm --cached .env"],
    ["one git would add", { mode: 0o600, git: "open" }, "warning", "git does not ignore it", "echo .env >> .gitignore"],
  ];
  for (const [what, file, status, finding, hint] of cases)
    it(`judges ${what}`, () => {
      const check = checkEnvFile(file);
      expect([check.subject, check.status]).to.deep.equal([".env", status]);
      expect(check.finding).to.include(finding);
      expect(check.hint ?? "").to.include(hint ?? "");
    });
});
