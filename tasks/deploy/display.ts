import type { DeployEvent } from "../../src/deploy/execute.ts";
import { toEther } from "../../src/gas/ether.ts";
import { counted } from "../../src/text.ts";
import type { Progress } from "../progress.ts";

/** Where one transaction is. */
type Row = { label: string; state: string };

/**
 * Shows a deployment as it goes: a line an event, and on a terminal the state of each transaction below.
 * A chain in this process is done before anybody could read, so there it says nothing of transactions.
 */
export function createDisplay(progress: Progress, { live }: { readonly live: boolean }): (event: DeployEvent) => void {
  const rows = new Map<number, Row>();

  function set(nonce: number, label: string, state: string): void {
    rows.set(nonce, { label, state });
    const width = Math.max(...[...rows.values()].map((row) => row.label.length));
    progress.live(
      [...rows]
        .map(([number, row]) => `  ${String(number).padStart(4)}  ${row.label.padEnd(width)}  ${row.state}`)
        .join("\n"),
    );
  }

  return (event) => {
    const text = sentence(event);
    if (text !== undefined && (live || event.type === "resuming")) progress.line(text);
    if (!live) return;
    if (event.type === "signed") for (const { label, nonce } of event.transactions) set(nonce, label, "signed");
    if ("nonce" in event) set(event.nonce, event.label, stateOf(event));
  };
}

function stateOf(event: Extract<DeployEvent, { readonly nonce: number }>): string {
  switch (event.type) {
    case "mined":
      return `mined in block ${String(event.blockNumber)}`;
    case "taken":
      return `nonce used by ${event.hash}`;
    case "replaced":
      return `replaced, offers up to ${event.maxFeePerGas.toString()} wei`;
    case "reorganised":
      return "its block was reorganised";
    case "sent":
    case "resent":
      return event.type;
  }
}

/** What stays on the screen, in one line; undefined where the table below says it. */
function sentence(event: DeployEvent): string | undefined {
  switch (event.type) {
    case "target": {
      const waiting = event.waiting > 0 ? `, ${String(event.waiting)} of its transactions waiting` : "";
      return `Chain ${String(event.chainId)}: ${event.deployer} has ${toEther(event.balance)} ETH${waiting}`;
    }
    case "resuming":
      return `Going on with run ${event.run}, which signed ${counted(event.transactions, "transaction")}`;
    case "forking":
      return `Rehearsing on a fork: ${event.reason}. This reads the target's state and takes longer`;
    case "planned":
      return `Rehearsed: ${counted(event.steps, "transaction")} to send, ${counted(event.reused, "contract")} reused`;
    case "signed":
      return `Signed ${counted(event.transactions.length, "transaction")}, now in the journal`;
    case "replanning":
      return `The account was used elsewhere: ${event.labels.join(", ")} lost the nonce. What remains is rehearsed and signed anew`;
    case "replaced":
      return `${event.label} is stuck: replaced at nonce ${String(event.nonce)} with up to ${event.maxFeePerGas.toString()} wei per gas`;
    case "reorganised":
      return `Block ${String(event.blockNumber)} was reorganised: ${event.label} is sent again`;
    case "ceiling":
      return `${event.label} waits: the base fee is ${event.baseFeePerGas.toString()} wei, the ceiling ${event.feeCeiling.toString()}. To go higher, stop with Ctrl-C and run again with --max-fee GWEI`;
    case "window":
      return `The endpoint takes ${counted(event.size, "pending transaction")} at a time`;
    case "mined":
      return `${event.label} mined in block ${String(event.blockNumber)}`;
    case "taken":
      return `Nonce ${String(event.nonce)} was used by ${event.hash}, which is not ours`;
    case "sent":
    case "resent":
    case "confirming":
      return undefined;
  }
}
