import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { Transaction, Wallet } from "ethers";

import { createJsonRpcAcceptor } from "../../../src/ipc/rpc/accept.ts";
import { connectSigner, NoSignerError, WrongSignatureError } from "../../../src/signer/client.ts";
import { rejection } from "../../helpers/rejection.ts";

const wallet = Wallet.createRandom();
const other = Wallet.createRandom();

const transaction = {
  type: 2,
  chainId: 11155111,
  nonce: 7,
  to: other.address,
  data: "0x1234",
  value: 5n,
  gasLimit: 50_000n,
  maxFeePerGas: 10n,
  maxPriorityFeePerGas: 1n,
} as const;

describe("signer/client", () => {
  let folder: string;
  let path: string;
  let server: Server;
  /** What the signer at the other end signs, and with which key. */
  let sign: () => Promise<string>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "signer-client-"));
    path = join(folder, "s.sock");
    const acceptor = createJsonRpcAcceptor({
      capBytes: 1_000_000,
      methodsFor: () => (method) => (method === "eth_accounts" ? [other.address, wallet.address] : sign()),
    });
    server = createServer({ allowHalfOpen: true }, (socket) => acceptor.accept(socket));
    await new Promise<void>((resolve) => server.listen(path, resolve));
  });

  afterEach(async () => {
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await rm(folder, { recursive: true });
  });

  async function ask(): Promise<string> {
    const signer = await connectSigner(path, wallet.address.toLowerCase());
    expect(signer.address).to.equal(wallet.address);
    try {
      return await signer.signTransaction(transaction);
    } finally {
      signer.close();
    }
  }

  it("takes the bytes of exactly the transaction it asked for", async () => {
    sign = () => wallet.signTransaction(transaction);
    expect(Transaction.from(await ask()).from).to.equal(wallet.address);
  });

  for (const [what, changed] of Object.entries({
    "another recipient": { to: wallet.address },
    "another value": { value: 6n },
    "other data": { data: "0x1235" },
    "another nonce": { nonce: 8 },
    "another chain": { chainId: 1 },
    "another fee": { maxFeePerGas: 11n },
    "another gas limit": { gasLimit: 50_001n },
  }))
    it(`refuses ${what}`, async () => {
      sign = () => wallet.signTransaction({ ...transaction, ...changed });
      expect(await rejection(ask())).to.be.instanceOf(WrongSignatureError);
    });

  it("refuses the signature of another account", async () => {
    sign = () => other.signTransaction(transaction);
    expect(await rejection(ask())).to.be.instanceOf(WrongSignatureError);
  });

  it("names the command that starts a signer where none listens, and the accounts of one that lacks the wanted", async () => {
    const none = await rejection(connectSigner(join(folder, "none.sock")));
    expect(none).to.be.instanceOf(NoSignerError).and.to.have.property("hint").that.contains("npx hardhat ipc signer");
    const lacking = await rejection(connectSigner(path, `0x${"1".repeat(40)}`));
    expect(lacking.message).to.contain(other.address);
  });
});
