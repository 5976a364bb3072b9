import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { isSameCode, withoutMetadata } from "../../../src/registry/code.ts";
import type { Anvil } from "../anvil.ts";
import { compileSubmission, type Submission } from "./compile.ts";

export type Explorer = "etherscan" | "blockscout" | "sourcify";

/** What an explorer received, and what compiling it gave. */
export type Received = Submission & {
  readonly explorer: Explorer;
  readonly address: string;
  /** Encoded constructor arguments, without 0x; undefined where the explorer does not ask for them. */
  readonly args: string | undefined;
  readonly creationHash: string | undefined;
  readonly verdict: "exact" | "partial" | "wrong";
};

export type Explorers = {
  readonly url: string;
  readonly apiKey: string;
  readonly received: readonly Received[];
  /** How often a submission was refused because the explorer had not indexed the contract. */
  readonly notIndexed: ReadonlyMap<Explorer, number>;
  /** What goes between the braces of a configuration that uses these explorers. */
  readonly configuration: string;
  readonly close: () => Promise<void>;
};

type Reply = { readonly status?: number; readonly body: unknown };

/**
 * Etherscan's API v2, Blockscout's and Sourcify's API v2 on one loopback port, in front of a chain. They compile what
 * they receive and compare it with the chain; each has not indexed the first contract it is asked about yet, and
 * Etherscan has a queue.
 */
export async function startExplorers(anvil: Anvil): Promise<Explorers> {
  const apiKey = "K3YTHATNOBODYMAYSEE";
  const received: Received[] = [];
  const verified = new Map<string, Received>();
  const jobs = new Map<string, { readonly job: Received; polls: number }>();
  const notIndexed = new Map<Explorer, number>();

  const keyOf = (explorer: Explorer, address: string) => `${explorer} ${address.toLowerCase()}`;

  /** True once per explorer: it lags behind the chain. */
  function isBehind(explorer: Explorer): boolean {
    const times = notIndexed.get(explorer) ?? 0;
    if (times === 0) notIndexed.set(explorer, 1);
    return times === 0;
  }

  async function submit(submission: Omit<Received, "verdict">): Promise<string> {
    const job = { ...submission, verdict: await judge(anvil, submission) };
    received.push(job);
    if (job.verdict !== "wrong") verified.set(keyOf(job.explorer, job.address), job);
    const id = `job-${String(received.length)}`;
    jobs.set(id, { job, polls: 0 });
    return id;
  }

  /** The API that Blockscout took over from Etherscan; the words differ. */
  async function answerEtherscan(explorer: "etherscan" | "blockscout", query: URLSearchParams, body: URLSearchParams) {
    const is = explorer === "etherscan";
    const ok = (result: unknown): Reply => ({ body: { status: "1", message: "OK", result } });
    const refuse = (result: string): Reply => ({ body: { status: "0", message: "NOTOK", result } });
    if (is && query.get("chainid") !== "11155111") return refuse("Missing or unsupported chainid parameter");
    if (is && query.get("apikey") !== apiKey) return refuse(`Invalid API Key (#err2)|${query.get("apikey") ?? ""}`);
    const address = query.get("address") ?? body.get("contractaddress") ?? "";
    switch (query.get("action") ?? "") {
      case "getsourcecode": {
        const found = verified.get(keyOf(explorer, address));
        const SourceCode = found === undefined ? "" : `{${JSON.stringify(found.input)}}`;
        return ok([{ SourceCode, ABI: found === undefined ? "Contract source code not verified" : "[]" }]);
      }
      case "verifysourcecode": {
        if (isBehind(explorer))
          return is
            ? refuse(`Unable to locate ContractCode at ${address}`)
            : refuse("The address is not a smart contract");
        if (verified.has(keyOf(explorer, address)))
          return refuse(is ? "Contract source code already verified" : "Smart-contract already verified.");
        if (body.get("codeformat") !== "solidity-standard-json-input") return refuse("Missing codeformat");
        return ok(
          await submit({
            explorer,
            address,
            input: JSON.parse(body.get("sourceCode") ?? "") as Submission["input"],
            contract: body.get("contractname") ?? "",
            compiler: body.get("compilerversion") ?? "",
            args: body.get("constructorArguments") ?? "",
            creationHash: undefined,
          }),
        );
      }
      case "checkverifystatus": {
        const entry = jobs.get(query.get("guid") ?? "");
        if (entry === undefined) return refuse("Unknown UID");
        // Etherscan's queue is long for the first contract.
        if (is && received[0] === entry.job && entry.polls++ === 0) return refuse("Pending in queue");
        if (entry.job.verdict !== "wrong") return ok("Pass - Verified");
        return is
          ? refuse("Fail - Unable to verify. Compiled contract deployment bytecode does NOT match the transaction")
          : ok("Fail - Unable to verify");
      }
      default:
        return refuse("Error! Missing Or invalid Action name");
    }
  }

  async function answerSourcify(method: string, path: string, body: string): Promise<Reply> {
    const [, , what, first = "", address = ""] = path.split("/");
    const match = (job: Received | undefined) => {
      const kind =
        job === undefined || job.verdict === "wrong" ? null : job.verdict === "exact" ? "exact_match" : "match";
      return { match: kind, creationMatch: kind, runtimeMatch: kind, chainId: "11155111", address };
    };
    if (what === "contract") {
      const found = verified.get(keyOf("sourcify", address));
      return { status: found === undefined ? 404 : 200, body: match(found) };
    }
    if (method === "POST") {
      if (verified.has(keyOf("sourcify", address))) return { status: 409, body: error("already_verified", "Verified") };
      const { stdJsonInput, contractIdentifier, compilerVersion, creationTransactionHash } = JSON.parse(body) as {
        stdJsonInput: Submission["input"];
        contractIdentifier: string;
        compilerVersion: string;
        creationTransactionHash: string;
      };
      if (isBehind("sourcify")) {
        jobs.set("behind", { job: { explorer: "sourcify" } as Received, polls: 0 });
        return { status: 202, body: { verificationId: "behind" } };
      }
      const verificationId = await submit({
        explorer: "sourcify",
        address,
        input: stdJsonInput,
        contract: contractIdentifier,
        compiler: compilerVersion,
        args: undefined,
        creationHash: creationTransactionHash,
      });
      return { status: 202, body: { verificationId } };
    }
    const entry = jobs.get(first);
    if (entry === undefined) return { status: 404, body: error("job_not_found", "No such job") };
    const head = { isJobCompleted: true, verificationId: first, jobStartTime: "2026-11-22T00:00:00Z" };
    if (first === "behind")
      return {
        body: {
          ...head,
          error: error("contract_not_deployed", "Chain has no contract there"),
          contract: match(undefined),
        },
      };
    return entry.job.verdict === "wrong"
      ? { body: { ...head, error: error("no_match", "The bytecodes do not match"), contract: match(undefined) } }
      : { body: { ...head, contract: match(entry.job) } };
  }

  async function answer(request: IncomingMessage): Promise<Reply> {
    const url = new URL(request.url ?? "", "http://loopback");
    const body = await text(request);
    if (url.pathname.startsWith("/v2/")) return answerSourcify(request.method ?? "", url.pathname, body);
    const explorer = url.pathname === "/blockscout/api" ? "blockscout" : "etherscan";
    return answerEtherscan(explorer, url.searchParams, new URLSearchParams(body));
  }

  const server = createServer((request, response) => {
    void answer(request).then(({ status = 200, body }) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url,
    apiKey,
    received,
    notIndexed,
    configuration: `chainDescriptors: { 11155111: { name: "Sepolia", blockExplorers: {
      etherscan: { url: "${url}/etherscan", apiUrl: "${url}/etherscan/api" },
      blockscout: { url: "${url}/blockscout", apiUrl: "${url}/blockscout/api" } } } },
    verify: { ...config.verify, sourcify: { apiUrl: "${url}" } },`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function error(customCode: string, message: string) {
  return { customCode, message, errorId: "00000000-0000-0000-0000-000000000000" };
}

type Block = { readonly transactions: readonly { readonly hash: string; readonly input: string; to: string | null }[] };

/** Compiles what was received and compares it with the chain: the creating transaction, and the code that stands there. */
async function judge(anvil: Anvil, submission: Omit<Received, "verdict">): Promise<Received["verdict"]> {
  const compiled = compileSubmission(submission);
  const created = await findCreation(anvil, submission.address);
  if (compiled === undefined || created === undefined) return "wrong";
  const { args, creationHash } = submission;
  if (creationHash !== undefined && creationHash !== created.hash) return "wrong";
  const standing = String(await anvil.request("eth_getCode", submission.address, "latest"));
  if (!isSameCode(compiled.runtime, standing)) return "wrong";
  // Sourcify finds the arguments behind the creation code by itself.
  const given = args ?? created.input.slice(compiled.creation.length);
  if (created.input === `${compiled.creation}${given}`) return "exact";
  const code = created.input.slice(0, compiled.creation.length);
  const rest = created.input.slice(compiled.creation.length);
  return withoutMetadata(code) === withoutMetadata(compiled.creation) && rest === given ? "partial" : "wrong";
}

async function findCreation(anvil: Anvil, address: string) {
  const height = Number(await anvil.request("eth_blockNumber"));
  for (let number = height; number >= 0; number--) {
    const { transactions } = (await anvil.request("eth_getBlockByNumber", `0x${number.toString(16)}`, true)) as Block;
    for (const { hash, input, to } of transactions) {
      if (to !== null) continue;
      const receipt = (await anvil.request("eth_getTransactionReceipt", hash)) as { contractAddress: string | null };
      if (receipt.contractAddress?.toLowerCase() === address.toLowerCase()) return { hash, input };
    }
  }
  return undefined;
}
