import { randomBytes } from "node:crypto";

import { UsageError } from "../errors.ts";
import { WORD_COUNTS } from "./secret.ts";

/** The word lists of BIP-39, by the names that are typed. */
export const LANGUAGES = [
  "english",
  "spanish",
  "french",
  "italian",
  "portuguese",
  "czech",
  "japanese",
  "korean",
  "chinese-simplified",
  "chinese-traditional",
] as const;

type MnemonicOptions = {
  /** 12 by default; 24 for twice the entropy. */
  readonly words?: number;
  /** One of {@link LANGUAGES}; English, which every wallet reads, by default. */
  readonly language?: string;
};

/**
 * Makes the words of a new wallet (BIP-39), from the system's source of randomness.
 *
 * @throws {UsageError} for a length or a language that BIP-39 does not know.
 */
export async function createMnemonic({ words = 12, language = "english" }: MnemonicOptions = {}): Promise<string> {
  if (!WORD_COUNTS.some((count) => count === words))
    throw new UsageError(`A mnemonic has 12, 15, 18, 21 or 24 words, not ${String(words)}`);
  if (!LANGUAGES.some((known) => known === language))
    throw new UsageError(`BIP-39 has no word list "${language}"`, { hint: `--language ${LANGUAGES.join(" | ")}` });
  const { generateMnemonic, wordlists } = await import("bip39");
  // BIP-39: three words for every 32 bits.
  return generateMnemonic((words / 3) * 32, randomBytes, wordlists[language.replace("-", "_")]);
}
