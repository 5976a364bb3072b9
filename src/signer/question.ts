import { isUtf8 } from "node:buffer";

import { formatEther } from "ethers/utils";

import { printable } from "../text.ts";
import type { TransactionAct } from "./judge.ts";
import type { TypedData } from "./typed-data.ts";

/** What a person is asked about, with the reasons why the rules do not answer for it. */
export type Question = { readonly reasons?: readonly string[] } & (
  | { readonly kind: "transaction"; readonly act: TransactionAct }
  | { readonly kind: "message"; readonly from: string; readonly message: string }
  | { readonly kind: "typedData"; readonly from: string; readonly typed: TypedData }
  | { readonly kind: "unlock" }
  | { readonly kind: "rules"; readonly sha256: string; readonly document: unknown }
);

/** Most characters of a message that a question shows, and of one text within typed data. */
const shown = 2000;
const shownOfField = 200;

/** The question as a person reads it; nothing a client sent can move the cursor or hide a line. */
export function renderQuestion(question: Question): string {
  const reasons = (question.reasons ?? []).map((reason) => `  outside the rules: ${shortened(reason)}`);
  return [...lines(question), ...reasons].join("\n");
}

function lines(question: Question): string[] {
  switch (question.kind) {
    case "unlock":
      return ["Unlock the signer?"];
    case "rules":
      return [
        ...JSON.stringify(question.document, undefined, 2)
          .split("\n")
          .map((line) => shortened(line)),
        `sha256 ${question.sha256}`,
        "Sign by these rules without asking?",
      ];
    case "message":
      return ["Sign a message?", `  account: ${question.from}`, `  message: ${messageText(question.message)}`];
    case "typedData":
      return [
        `Sign typed data (${shortened(question.typed.primaryType)})?`,
        `  account: ${question.from}`,
        `  domain: ${readable(question.typed.domain)}`,
        `  message: ${readable(question.typed.message)}`,
      ];
    case "transaction":
      return transactionLines(question);
  }
}

function transactionLines({ act }: Question & { readonly kind: "transaction" }): string[] {
  const { chainId, from, to, value, maxFee, data } = act;
  const bytes = (data.length - 2) / 2;
  return [
    to === undefined ? "Sign a transaction that creates a contract?" : "Sign a transaction?",
    `  chain:   ${String(chainId)}`,
    `  from:    ${from}`,
    `  to:      ${to ?? "a new contract"}`,
    `  value:   ${formatEther(value)} ETH`,
    `  fee:     at most ${formatEther(maxFee)} ETH`,
    ...(bytes === 0 ? [] : [`  data:    ${data.slice(0, 74)}${data.length > 74 ? "…" : ""} (${String(bytes)} bytes)`]),
  ];
}

/** Bytes that are no text are shown as bytes: such a message is often the hash of what somebody wants done. */
function messageText(hex: string): string {
  const bytes = Buffer.from(hex.slice(2), "hex");
  return isUtf8(bytes)
    ? shortened(bytes.toString())
    : `${shortened(hex)} (${String(bytes.length)} bytes that are no text)`;
}

/** A long text is cut where it stands, so that it hides no field behind it. */
function readable(value: unknown): string {
  return shortened(
    JSON.stringify(value, (_, item: unknown) => {
      if (typeof item === "bigint") return item.toString();
      return typeof item === "string" ? cut(item, shownOfField) : item;
    }),
  );
}

/** Cut, so that it does not scroll the question away. */
function shortened(text: string): string {
  return printable(cut(text, shown));
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}… (${String(text.length)} characters)` : text;
}
