import type { TaskOverrideActionFunction } from "hardhat/types/tasks";

import { connect } from "./pipeline.ts";
import { readAccounts } from "./secrets.ts";

/** Puts an ethers contract for each record, and `ethers` itself, beside `hre` before the console starts. */
const openConsole: TaskOverrideActionFunction = async (args, hre, runSuper) => {
  const connection = await connect(hre);
  const { rpc, registry, network } = connection;
  const records = (await registry?.readAll()) ?? new Map();
  if (records.size === 0) return runSuper(args);
  const [{ ethers }, { startRelay }] = await Promise.all([import("ethers"), import("../src/rpc/relay.ts")]);
  const relay = await startRelay(rpc);
  const chain = ethers.Network.from(network.chainId);
  const provider = new ethers.JsonRpcProvider(relay.url, chain, { staticNetwork: chain, cacheTimeout: -1 });
  // Without a key the contracts can be read all the same.
  const [account] = await readAccounts(hre, network.name).catch(() => []);
  const runner = account === undefined ? provider : new ethers.Wallet(account.privateKey, provider);
  const names = [...records].map(([name, { address, abi }]) => {
    Reflect.set(globalThis, name, new ethers.Contract(address, JSON.stringify(abi), runner));
    return name;
  });
  Reflect.set(globalThis, "ethers", ethers);
  process.stderr.write(
    `On ${network.name}: ${names.join(", ")}, and ethers. Try: await ${names[0] ?? ""}.getAddress()\n`,
  );
  try {
    return await runSuper(args);
  } finally {
    provider.destroy();
    await relay.close();
  }
};

export default openConsole;
