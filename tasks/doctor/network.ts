import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import type { Check } from "../../src/doctor/check.ts";
import { checkBalance, checkClock, checkEndpoint, type Request } from "../../src/doctor/endpoint.ts";
import { MetacoinError, UsageError } from "../../src/errors.ts";
import { createRpc } from "../../src/rpc/rpc.ts";
import { toShortEther } from "../../src/gas/ether.ts";
import { isLive, readAccounts, readEndpoints } from "../secrets.ts";

/** The variables, endpoints, clock and balance of one network; nothing for the chain within the process. */
export async function checkNetwork(
  hre: HardhatRuntimeEnvironment,
  network: string,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const urls = await orTell("Endpoint", checks, () => readEndpoints(hre, network));
  const accounts = await orTell("Account", checks, () => readAccounts(hre, network));
  const address = accounts?.[0]?.address;
  if (address !== undefined && isLive(hre, network))
    checks.push({ subject: "Account", status: "ok", finding: `signs as ${address}` });
  const requests = (urls ?? []).map((url) => requester(url, signal));
  const names = requests.map((_, index) => (requests.length === 1 ? "Endpoint" : `Endpoint ${String(index + 1)}`));
  const endpoints = await Promise.all(
    requests.map((request, index) => checkOne(hre, network, request, names[index] ?? "Endpoint")),
  );
  const working = requests[endpoints.findIndex(({ status }) => status !== "broken")];
  checks.push(...endpoints);
  if (working !== undefined && isLive(hre, network)) {
    const clock = await orTell("Clock", checks, () => checkClock(working, Date.now));
    const hint = `npx hardhat faucet --network ${network}`;
    const balance =
      address === undefined
        ? undefined
        : await orTell("Balance", checks, () => checkBalance(working, { address, toEther: toShortEther, hint }));
    checks.push(...[clock, balance].filter((check) => check !== undefined));
  }
  return checks;
}

function requester(url: string, signal: AbortSignal): Request {
  const rpc = createRpc({ urls: [url], attempts: 1, signal });
  return (method, params) => rpc.request(method, params);
}

async function checkOne(
  hre: HardhatRuntimeEnvironment,
  network: string,
  request: Request,
  name: string,
): Promise<Check> {
  const config = hre.config.networks[network];
  const hint = isLive(hre, network)
    ? "Check the URL in .env; several, separated by commas, are tried in turn"
    : "npx hardhat node    in another terminal";
  return checkEndpoint(request, { name, chainId: config?.chainId, hint }, () => performance.now());
}

/** What cannot be read, because a variable is missing or wrong, is a finding and no reason to stop. */
async function orTell<Value>(subject: string, checks: Check[], read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof MetacoinError) || error instanceof UsageError) throw error;
    checks.push({ subject, status: "broken", finding: error.message, hint: error.hint });
    return undefined;
  }
}
