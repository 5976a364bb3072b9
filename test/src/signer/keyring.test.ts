import { expect } from "chai";
import { Wallet } from "ethers";

import { LockedError, openKeyring, OtherAccountsError, UnknownAccountError } from "../../../src/signer/keyring.ts";
import { rejection } from "../../helpers/rejection.ts";
import { createTestClock } from "../../helpers/signer/clock.ts";

const account = {
  address: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  privateKey: "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
};

describe("signer/keyring", () => {
  it("forgets the keys when locked, keeps the addresses, and asks for the secret again to unlock", async () => {
    let opened = 0;
    const open = async () => {
      opened++;
      return [account];
    };
    const keyring = await openKeyring({ open, clock: createTestClock() });
    expect(keyring.wallet(account.address.toLowerCase()).address).to.equal(account.address);
    keyring.lock();
    expect(keyring.locked()).to.equal(true);
    expect(keyring.addresses).to.deep.equal([account.address]);
    expect(() => keyring.wallet(account.address)).to.throw(LockedError);
    await keyring.unlock();
    expect(keyring.wallet(account.address).privateKey).to.equal(account.privateKey);
    expect(opened).to.equal(2);
  });

  it("locks itself when its lifetime is over, and begins a new one when unlocked", async () => {
    const clock = createTestClock();
    let expired = 0;
    const keyring = await openKeyring({
      open: async () => [account],
      clock,
      lifetimeMs: 1000,
      onExpired: () => expired++,
    });
    expect(keyring.locksAt()).to.equal(1000);
    clock.advance(999);
    expect(keyring.locked()).to.equal(false);
    clock.advance(1);
    expect(expired).to.equal(1);
    expect(() => keyring.wallet(account.address)).to.throw(LockedError);
    await keyring.unlock();
    expect(keyring.locksAt()).to.equal(2000);
    keyring.lock();
    await keyring.unlock();
    clock.advance(999);
    expect(keyring.locked(), "the timer of an earlier lifetime does not count").to.equal(false);
    expect(expired).to.equal(1);
  });

  it("goes by the clock where the timer is late, as after a sleep", async () => {
    const clock = createTestClock();
    const keyring = await openKeyring({ open: async () => [account], clock, lifetimeMs: 1000 });
    clock.sleep(5000);
    expect(() => keyring.wallet(account.address)).to.throw(LockedError);
  });

  it("stays locked where the secret is refused", async () => {
    let open = async () => [account];
    const keyring = await openKeyring({ open: () => open(), clock: createTestClock() });
    keyring.lock();
    open = () => Promise.reject(new Error("wrong password"));
    expect(await keyring.unlock().catch((error: unknown) => error)).to.be.instanceOf(Error);
    expect(keyring.locked()).to.equal(true);
  });

  it("stays locked where another secret is typed than the one it was started with", async () => {
    let held = account;
    const keyring = await openKeyring({ open: async () => [held], clock: createTestClock() });
    keyring.lock();
    const { address, privateKey } = Wallet.createRandom();
    held = { address, privateKey };
    expect(await rejection(keyring.unlock())).to.be.instanceOf(OtherAccountsError);
    expect(keyring.locked()).to.equal(true);
    held = account;
    await keyring.unlock();
    expect(keyring.locked()).to.equal(false);
  });

  it("names the accounts it holds when asked for another", async () => {
    const keyring = await openKeyring({ open: async () => [account], clock: createTestClock() });
    expect(() => keyring.wallet(`0x${"1".repeat(40)}`)).to.throw(UnknownAccountError, account.address);
  });
});
