/** When the tables below were last compared with the documentation of the networks (year and month). */
export const FAUCETS_AS_OF = "2026-11";

export type Faucet = {
  readonly name: string;
  readonly url: string;
  /** What it wants in return, in a few words. */
  readonly asks: string;
};

const pow = (network: string): Faucet => ({
  name: "PoW faucet",
  url: `https://${network}-faucet.pk910.de`,
  asks: "computing time in the browser; no account",
});

const google = (network: string): Faucet => ({
  name: "Google Cloud",
  url: `https://cloud.google.com/application/web3/faucet/ethereum/${network}`,
  asks: "a Google account; once a day",
});

const alchemy = (network: string): Faucet => ({
  name: "Alchemy",
  url: `https://www.alchemy.com/faucets/${network}`,
  asks: "an account, and some ether on mainnet",
});

const coinbase: Faucet = {
  name: "Coinbase Developer Platform",
  url: "https://portal.cdp.coinbase.com/products/faucet",
  asks: "an account; 0.0001 ETH a claim, many claims a day",
};

const superchain: Faucet = {
  name: "Superchain faucet",
  url: "https://console.optimism.io/faucet",
  asks: "an account or a proof of personhood; once a day",
};

const bridge = (url: string): Faucet => ({ name: "Bridge", url, asks: "ether on Sepolia, whose faucets give more" });

/** Chain id → where its coins are given away, the least demanding first. */
const faucets: ReadonlyMap<number, readonly Faucet[]> = new Map([
  [11155111, [pow("sepolia"), google("sepolia"), alchemy("ethereum-sepolia"), coinbase]],
  [560048, [pow("hoodi"), google("hoodi"), coinbase]],
  [84532, [coinbase, superchain, alchemy("base-sepolia"), bridge("https://superbridge.app")]],
  [11155420, [superchain, alchemy("optimism-sepolia"), bridge("https://superbridge.app")]],
  [
    421614,
    [
      { name: "QuickNode", url: "https://faucet.quicknode.com/arbitrum/sepolia", asks: "an account" },
      alchemy("arbitrum-sepolia"),
      bridge("https://portal.arbitrum.io/bridge"),
    ],
  ],
]);

/** The faucets of a chain; none for mainnets and development chains. */
export function faucetsOf(chainId: number): readonly Faucet[] {
  return faucets.get(chainId) ?? [];
}
