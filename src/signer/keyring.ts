import { Wallet } from "ethers/wallet";

import { MetacoinError } from "../errors.ts";

/** An account as `accountsOf` in src/wallet derives it. */
type KeyedAccount = { readonly address: string; readonly privateKey: string };

/** Time, so that a lifetime can be tested without waiting for it. */
export type Clock = {
  readonly now: () => number;
  /** Runs `task` once `ms` have passed; gives the way to call it off. */
  readonly after: (ms: number, task: () => void) => () => void;
};

export type Keyring = {
  /** Known while locked, too: addresses are no secret. */
  readonly addresses: readonly string[];
  locked(): boolean;
  /** When the keys are dropped by themselves, as a time of the clock; `undefined` without a lifetime or while locked. */
  locksAt(): number | undefined;
  /** @throws {LockedError} @throws {UnknownAccountError} */
  wallet(address: string): Wallet;
  lock(): void;
  /** Opens the accounts again and begins a new lifetime. */
  unlock(): Promise<void>;
};

type KeyringOptions = {
  /** Asks for the secret, wherever it comes from, and derives the accounts. */
  readonly open: () => Promise<readonly KeyedAccount[]>;
  readonly clock: Clock;
  /** After this long the keys are dropped; 0 or less never. */
  readonly lifetimeMs?: number | undefined;
  /** Told when the lifetime ends. */
  readonly onExpired?: () => void;
};

/**
 * Holds the keys while unlocked, and nothing of them afterwards.
 *
 * Dropping is forgetting: JavaScript cannot overwrite a string, so the bytes go when their memory is used again.
 */
export async function openKeyring({ open, clock, lifetimeMs = 0, onExpired }: KeyringOptions): Promise<Keyring> {
  let addresses: readonly string[] = [];
  let wallets = new Map<string, Wallet>();
  let expiresAt: number | undefined;
  let cancelExpiry: () => void = () => undefined;

  const lock = () => {
    cancelExpiry();
    expiresAt = undefined;
    wallets = new Map();
  };
  const unlock = async () => {
    const accounts = await open();
    requireSame(accounts);
    lock();
    wallets = new Map(accounts.map(({ address, privateKey }) => [address.toLowerCase(), new Wallet(privateKey)]));
    if (lifetimeMs <= 0) return;
    expiresAt = clock.now() + lifetimeMs;
    cancelExpiry = clock.after(lifetimeMs, expire);
  };
  /** Who asked before was told these addresses, and the rules were agreed to with them on the screen. */
  const requireSame = (accounts: readonly KeyedAccount[]) => {
    if (addresses.length === 0 || accounts.map(({ address }) => address).join() === addresses.join()) return;
    throw new OtherAccountsError(`This secret is not the one of ${addresses.join(", ")}: the signer stays locked`, {
      hint: "For other accounts start another signer",
    });
  };
  const expire = () => {
    lock();
    onExpired?.();
  };
  // A timer may be late, as after a laptop's sleep; the clock is not.
  const locked = () => {
    if (expiresAt !== undefined && clock.now() >= expiresAt) expire();
    return wallets.size === 0;
  };

  await unlock();
  addresses = [...wallets.values()].map(({ address }) => address);
  return {
    addresses,
    locked,
    locksAt: () => expiresAt,
    wallet(address) {
      if (!addresses.some((known) => known.toLowerCase() === address.toLowerCase()))
        throw new UnknownAccountError(`The signer holds no account ${address}, only ${addresses.join(", ")}`);
      const wallet = locked() ? undefined : wallets.get(address.toLowerCase());
      if (wallet === undefined)
        throw new LockedError("The signer is locked", { hint: "npx hardhat ipc signer unlock" });
      return wallet;
    },
    lock,
    unlock,
  };
}

export class LockedError extends MetacoinError {
  override readonly code = "SIGNER_LOCKED";
}

/** What was typed to unlock the signer opens other accounts than it was started with. */
export class OtherAccountsError extends MetacoinError {
  override readonly code = "SIGNER_OTHER_ACCOUNTS";
}

export class UnknownAccountError extends MetacoinError {
  override readonly code = "SIGNER_ACCOUNT";
}
