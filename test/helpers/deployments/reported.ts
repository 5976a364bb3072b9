import type { DeploymentRecord } from "../../../src/registry/record.ts";
import type { ReportedNetwork } from "../../../src/registry/report/report.ts";
import { parseRun } from "../../../src/registry/report/runs.ts";

const hash = (digit: string) => `0x${digit.repeat(64)}`;
const address = (digit: string) => `0x${digit.repeat(40)}`;
const deployer = "0x58A57ed9d8d624cBD12e2C467D34787555bB1b25";

/** The journal of a run that had to replace one transaction, send another one again, and saw a reorganisation. */
const eventful = [
  {
    type: "run",
    id: "20261122T211403Z-000001",
    startedAt: "2026-11-22T21:14:03.120Z",
    startBlock: 100,
    steps: ["ConvertLib", "MetaCoin", "<b>Vault</b>", "MetaCoin.sendCoin"].map((label, nonce) => ({
      label,
      name: label,
      from: deployer,
      nonce,
      gasUsed: String([86_580, 213_101, 341_007, 50_999][nonce]),
    })),
  },
  ...[0, 1, 2, 3].map((slot) => ({ type: "signed", slot, hash: hash(String(slot)), maxFeePerGas: "93993586" })),
  { type: "sealed" },
  ...[0, 1, 2, 3].map((nonce) => event("sent", nonce, "03.160", { hash: hash(String(nonce)) })),
  event("mined", 0, "14.900", { hash: hash("0"), blockNumber: 101 }),
  event("mined", 1, "14.910", { hash: hash("1"), blockNumber: 101 }),
  event("reorganised", 1, "27.050", { blockNumber: 101 }),
  event("resent", 1, "27.070", { hash: hash("1") }),
  event("mined", 1, "39.100", { hash: hash("1"), blockNumber: 103 }),
  { type: "signed", slot: 2, hash: hash("a"), maxFeePerGas: "140990379" },
  event("replaced", 2, "51.200", { hash: hash("a"), maxFeePerGas: "140990379" }),
  event("mined", 2, "59.400", { hash: hash("a"), blockNumber: 105 }),
];

function event(type: string, nonce: number, second: string, facts: object) {
  const label = ["ConvertLib", "MetaCoin", "<b>Vault</b>", "MetaCoin.sendCoin"][nonce];
  return { type, label, nonce, at: `2026-11-22T21:14:${second}Z`, ...facts };
}

function record(name: string, digit: string, run: string, gasUsed: string): DeploymentRecord {
  return {
    address: address(digit),
    abi: [],
    transactionHash: hash(digit),
    receipt: {},
    args: [],
    numDeployments: 1,
    solcInputHash: "",
    metadata: "",
    bytecode: "0x",
    deployedBytecode: "0x",
    libraries: {},
    metacoin: {
      contractName: name,
      sourceName: `contracts/${name}.sol`,
      solcLongVersion: "0.8.37",
      deployer,
      blockNumber: 101,
      deployedAt: "2026-11-22T21:14:14.000Z",
      gasUsed,
      feePaid: String(BigInt(gasUsed) * 47_496_793n),
      run,
      calls: [],
      verified: [],
    },
  };
}

/** A network with an eventful run, and an older one whose journal lies elsewhere. */
export function makeReportedNetwork(): ReportedNetwork {
  const run = parseRun(`${eventful.map((line) => JSON.stringify(line)).join("\n")}\n{"type":"mi`, true);
  if (run === undefined) throw new Error("the journal has no run");
  const former = record("MetaCoin", "b", "20261101T080000Z-000000", "212800");
  const coin = { ...record("MetaCoin", "1", run.id, "213101"), history: [former] };
  const library = record("ConvertLib", "0", run.id, "86580");
  const verified = [
    { explorer: "etherscan", url: "https://sepolia.etherscan.io/address/0x00#code", at: "2026-11-22T21:16:00Z" },
    { explorer: "sourcify", url: "javascript:alert(1)", at: "2026-11-22T21:16:00Z" },
  ];
  return {
    name: "sepolia",
    chainId: 11155111,
    explorerUrl: "https://sepolia.etherscan.io",
    records: new Map([
      ["ConvertLib", { ...library, metacoin: { ...library.metacoin, verified } }],
      ["MetaCoin", coin],
      ["<b>Vault</b>", record("<b>Vault</b>", "a", run.id, "341007")],
    ]),
    runs: [run],
    chain: {
      charges: new Map([[hash("a"), { gasUsed: 341_007n, feePaid: 341_007n * 88_000_000n }]]),
      baseFees: new Map([
        [
          run.id,
          [41, 42.5, 46.5, 52, 61, 74, 86, 88.4, 80, 71].map((gwei, index) => ({
            blockNumber: 97 + index,
            weiPerGas: BigInt(gwei * 1e6),
          })),
        ],
      ]),
    },
  };
}
