import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { UsageError } from "../../../src/errors.ts";
import { openAuth, ThrottledError, WrongPasswordError, type Auth } from "../../../src/upload/auth.ts";
import { hashPassword, verifyPassword } from "../../../src/upload/password.ts";
import { rejection } from "../../helpers/rejection.ts";

const password = "correct horse battery";

describe("the password of a store", () => {
  it("is kept as argon2id with its own salt, and only it verifies", async () => {
    const [one, other] = await Promise.all([hashPassword(password), hashPassword(password)]);
    expect(one).to.match(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$[\w+/]{22}\$[\w+/]{43}$/u);
    expect(one).not.to.equal(other);
    expect(await verifyPassword(password, one)).to.equal(true);
    expect(await verifyPassword("correct horse batterz", one)).to.equal(false);
    expect(await verifyPassword(password, "plain text")).to.equal(false);
  });

  it("is the same however a keyboard composes it", async () => {
    expect(await verifyPassword("Zu\u0308rich-2026", await hashPassword("Z\u00FCrich-2026"))).to.equal(true);
  });

  it("is refused where it is too short or endless", async () => {
    expect(await rejection(hashPassword("seven77"))).to.be.instanceOf(UsageError);
    expect(await rejection(hashPassword("x".repeat(1025)))).to.be.instanceOf(UsageError);
    expect(await verifyPassword("x".repeat(1025), await hashPassword("x".repeat(1024)))).to.equal(false);
  });
});

describe("sessions of a store", () => {
  let dir: string;
  let now: number;
  let auth: Auth;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "upload-auth-"));
    now = 1_000_000;
    auth = openAuth({ dir, now: () => now });
  });
  afterEach(() => {
    auth.close();
    rmSync(dir, { recursive: true });
  });

  it("are not needed where there is no password", () => {
    expect(auth.hasPassword()).to.equal(false);
    expect(auth.accepts(undefined)).to.equal(true);
  });

  it("open with the password, survive a restart, and end on log-out", async () => {
    await auth.setPassword(password);
    expect(auth.accepts(undefined)).to.equal(false);
    const { token } = await auth.logIn(password, "::1");
    const restarted = openAuth({ dir, now: () => now });
    expect(restarted.accepts(token)).to.equal(true);
    expect(restarted.accepts(`${token}x`)).to.equal(false);
    restarted.logOut(token);
    restarted.close();
    expect(auth.accepts(token)).to.equal(false);
  });

  it("expire; tokens of programs do not", async () => {
    await auth.setPassword(password);
    const { token, maxAgeS } = await auth.logIn(password, "::1");
    const issued = auth.issueToken();
    now += maxAgeS * 1000 - 1;
    expect(auth.accepts(token)).to.equal(true);
    now += 1;
    expect(auth.accepts(token)).to.equal(false);
    now *= 1000;
    expect(auth.accepts(issued)).to.equal(true);
  });

  it("all end when another process changes the password", async () => {
    await auth.setPassword(password);
    const { token } = await auth.logIn(password, "::1");
    const issued = auth.issueToken();
    const other = openAuth({ dir });
    await other.setPassword("another password");
    other.close();
    expect(auth.accepts(token)).to.equal(false);
    expect(auth.accepts(issued)).to.equal(false);
    expect(await rejection(auth.logIn(password, "::1"))).to.be.instanceOf(WrongPasswordError);
    expect(auth.accepts((await auth.logIn("another password", "::1")).token)).to.equal(true);
  });

  it("keep no secret in a file, and the file to its owner", async () => {
    await auth.setPassword(password);
    const { token } = await auth.logIn(password, "::1");
    expect(statSync(join(dir, "auth.db")).mode & 0o777).to.equal(0o600);
    for (const row of readAll(dir)) {
      expect(row).not.to.contain(password);
      expect(row).not.to.contain(token);
    }
  });

  it("slow guesses down per address, and let the right password through again", async () => {
    await auth.setPassword(password);
    const guesses = await Promise.all(
      Array.from({ length: 6 }, () => rejection(auth.logIn("a wrong guess", "10.0.0.1"))),
    );
    expect(guesses.map((failure) => failure.constructor.name).sort()).to.deep.equal([
      "ThrottledError",
      ...Array.from({ length: 5 }, () => "WrongPasswordError"),
    ]);
    const throttled = await rejection(auth.logIn(password, "10.0.0.1"));
    expect(throttled).to.be.instanceOf(ThrottledError);
    expect(throttled).to.have.property("retryAfterS", 1);
    expect(await auth.logIn(password, "10.0.0.2")).to.have.property("token");
    now += 1000;
    expect(await auth.logIn(password, "10.0.0.1")).to.have.property("token");
  });
});

function readAll(dir: string): readonly string[] {
  return ["auth.db", "auth.db-wal"].map((name) => readFileSync(join(dir, name)).toString("latin1"));
}
