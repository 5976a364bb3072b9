import { MetacoinError, messageOf, UsageError } from "../../src/errors.ts";
import { JsonRpcError } from "../../src/ipc/rpc/jsonrpc.ts";
import { RpcAnswerError } from "../../src/rpc/rpc.ts";
import { openAudit } from "../../src/signer/audit.ts";
import { harden } from "../../src/signer/harden.ts";
import { createHeads } from "../../src/signer/heads.ts";
import { openKeyring, type Clock } from "../../src/signer/keyring.ts";
import { renderQuestion } from "../../src/signer/question.ts";
import { readRules, requirePin, type PinnedRules } from "../../src/signer/rules.ts";
import { serveSigner } from "../../src/signer/serve.ts";
import { createSigner } from "../../src/signer/signer.ts";
import { createSpending } from "../../src/signer/spending.ts";
import type { Endpoint } from "../../src/signer/transaction.ts";
import { action, type ActionContext } from "../action.ts";
import { connect, type Connection } from "../pipeline.ts";
import { requireFolder } from "./endpoint.ts";
import { auditPath, signerPath } from "./signer-path.ts";
import { isInEnvironment, openAccounts } from "./signer-secret.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

type SignerArguments = {
  readonly path: string;
  readonly rules: string;
  readonly pin: string;
  readonly lifetime: string;
  readonly accounts: number;
  readonly audit: string;
};

const clock: Clock = {
  now: Date.now,
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

export default action<SignerArguments, undefined>({
  async run(args, context) {
    // First of all, before anything could put a key into this process's memory.
    const warnings = harden({ execArgv: process.execArgv, nodeOptions: process.env["NODE_OPTIONS"] ?? "" });
    for (const warning of warnings) context.progress.line(`Warning: ${warning}`);
    const lifetimeMs = parseLifetime(args.lifetime);
    if (args.accounts < 1) throw new UsageError(`--accounts ${String(args.accounts)} is no number of accounts`);
    requireFolder(args.path);
    requireFolder(args.audit);
    const terminal = openTerminal();
    const pinned = await pinRules(args, terminal);
    const connection = await connectLive(context);
    try {
      await serve({ args, context, connection, pinned, terminal, lifetimeMs });
    } finally {
      await connection.close();
    }
    return undefined;
  },
  render: () => "",
});

type Parts = {
  readonly args: SignerArguments;
  readonly context: ActionContext;
  readonly connection: Connection;
  readonly pinned: PinnedRules | undefined;
  readonly terminal: Terminal | undefined;
  readonly lifetimeMs: number | undefined;
};

async function serve({ args, context, connection, pinned, terminal, lifetimeMs }: Parts): Promise<void> {
  const { hre, progress, signal } = context;
  const { chainId, name: network } = connection.network;
  const audit = await openAudit(auditPath(args.audit), clock.now);
  try {
    hidePasswords(context, terminal);
    if (isInEnvironment())
      progress.line(
        "Warning: the secret is in the environment or in .env, where other commands read it too; the keystore keeps it from them",
      );
    const keyring = await openKeyring({
      open: () => openAccounts(hre, { network, count: args.accounts, ...(terminal === undefined ? {} : { terminal }) }),
      clock,
      lifetimeMs,
      onExpired() {
        say("locked: its lifetime is over");
        audit.write({ event: "locked" }).catch((error: unknown) => say(`audit log: ${messageOf(error)}`));
      },
    });
    const keepMs = (pinned?.rules.rate?.seconds ?? 0) * 1000;
    const endpoint = endpointOf(connection);
    const signer = createSigner({
      keyring,
      pinned,
      spending: createSpending(clock.now, keepMs, await audit.signedWithin(keepMs)),
      audit,
      ask:
        terminal && ((question, gone) => terminal.confirm(renderQuestion(question), AbortSignal.any([gone, signal]))),
      endpoint,
      chainId,
      report: say,
    });
    const path = signerPath(args.path);
    const server = await serveSigner({
      path,
      signer,
      heads: createHeads(endpoint, clock),
      onStranger: (message) => say(`refused  ${message}`),
    });
    await audit.write({ event: "started", rulesSha256: pinned?.sha256 });
    for (const address of keyring.addresses) say(`account  ${address}`);
    say(`rules    ${pinned === undefined ? "none: everything asks" : `${args.rules}  sha256 ${pinned.sha256}`}`);
    if (terminal === undefined) say("asks     nobody: what is outside the rules is refused");
    say(`listens  ${path}  for ${network} (chain ${String(chainId)})`);
    await aborted(signal);
    await server.close();
    keyring.lock();
    await audit.write({ event: "stopped" });
  } finally {
    await audit.close();
  }
}

/**
 * Rules count once a person has named their hash: with --pin, or by a "y" at the terminal.
 *
 * @throws {UnpinnedRulesError} where nobody has.
 */
async function pinRules(args: SignerArguments, terminal: Terminal | undefined): Promise<PinnedRules | undefined> {
  const { rules, pin } = args;
  if (rules === "") {
    if (pin !== "") throw new UsageError("--pin pins the file of --rules, which was not given");
    if (terminal !== undefined) return undefined;
    throw new UsageError("Without rules everything asks, and there is no terminal to ask on", {
      hint: "npx hardhat ipc signer --rules rules.json --pin …",
    });
  }
  const pinned = await readRules(rules);
  if (pin !== "") {
    requirePin(pinned, pin);
    return pinned;
  }
  const { sha256, document } = pinned;
  if (await terminal?.confirm(renderQuestion({ kind: "rules", sha256, document }))) return pinned;
  throw new UnpinnedRulesError(`Nobody has agreed to the rules in ${rules}`, {
    hint: `If they are what you want: --pin ${sha256}`,
  });
}

/** The network to sign for; its endpoint must be the chain the configuration says. */
async function connectLive({ hre, signal }: ActionContext): Promise<Connection> {
  const connection = await connect(hre, { signal });
  if (connection.registry === undefined) {
    await connection.close();
    throw new UsageError("A signer needs a network other programs can reach", {
      hint: "npx hardhat ipc signer --network sepolia",
    });
  }
  const { chainId, name } = connection.network;
  const actual = Number(await connection.rpc.request("eth_chainId"));
  if (actual === chainId) return connection;
  throw new WrongChainError(
    `The endpoint of ${name} is chain ${String(actual)}, and the configuration says ${String(chainId)}`,
  );
}

/** What the endpoint answers with an error is passed on as it is: ethers and viem read revert data from it. */
function endpointOf({ rpc }: Connection): Endpoint {
  return async (method, params) => {
    try {
      return await rpc.request(method, params);
    } catch (error) {
      if (!(error instanceof RpcAnswerError)) throw error;
      const { code, message, data } = error.answer;
      throw new JsonRpcError(code, message, data);
    }
  };
}

/** The keystore's password is asked for as our own secrets are: on stderr, without an echo. */
function hidePasswords({ hre }: ActionContext, terminal: Terminal | undefined): void {
  if (terminal === undefined) return;
  hre.hooks.registerHandlers("userInterruptions", {
    requestSecretInput: async (_context, _interruptor, what) => await terminal.secret(what),
  });
}

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A timer of Node holds 2^31 - 1 ms. */
const longestLifetimeMs = 24 * 86_400_000;

function parseLifetime(text: string): number | undefined {
  if (text === "") return undefined;
  const [, amount, unit = "s"] = /^(\d+)([smhd])?$/u.exec(text) ?? [];
  const ms = Number(amount) * (unitsMs[unit] ?? Number.NaN);
  if (ms > 0 && ms <= longestLifetimeMs) return ms;
  throw new UsageError(`--lifetime ${text} is no time between 1s and 24d`, { hint: "such as 30m, 8h or 1d" });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

class UnpinnedRulesError extends MetacoinError {
  override readonly code = "SIGNER_RULES_UNPINNED";
}

class WrongChainError extends MetacoinError {
  override readonly code = "WRONG_CHAIN";
}
