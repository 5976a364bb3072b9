import { MetacoinError } from "../errors.ts";

/** What opens an account. It never reaches output, logs, errors or records. */
export type AccountSecret =
  | { readonly kind: "mnemonic"; readonly phrase: string }
  | { readonly kind: "privateKey"; readonly key: string };

/** The lengths BIP-39 knows. */
export const WORD_COUNTS = [12, 15, 18, 21, 24] as const;

/** The order of secp256k1: a private key lies between 0 and this, both excluded. */
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/**
 * Checks the words of a wallet, in any of the languages of BIP-39, and brings them into their normal form.
 *
 * @throws {InvalidSecretError} which tells what is wrong, and never a word.
 */
export async function parseMnemonic(text: string): Promise<string> {
  const words = text.normalize("NFKD").trim().toLowerCase().split(/\s+/u);
  if (!WORD_COUNTS.some((count) => count === words.length))
    throw new InvalidSecretError(`A mnemonic has 12, 15, 18, 21 or 24 words; this one has ${String(words.length)}`);
  const { validateMnemonic, wordlists } = await import("bip39");
  const lists = Object.values(wordlists);
  const phrase = words.join(" ");
  if (lists.some((list) => validateMnemonic(phrase, list))) return phrase;
  throw new InvalidSecretError(describeFault(words, lists));
}

/**
 * Checks a private key, with or without 0x.
 *
 * @throws {InvalidSecretError} which tells what is wrong, and never a digit.
 */
export function parsePrivateKey(text: string): string {
  const digits = text.trim().replace(/^0x/iu, "").toLowerCase();
  if (!/^[0-9a-f]*$/u.test(digits))
    throw new InvalidSecretError("A private key is 64 hexadecimal digits; this one has other characters in it");
  if (digits.length !== 64)
    throw new InvalidSecretError(`A private key is 64 hexadecimal digits; this one has ${String(digits.length)}`);
  const key = `0x${digits}`;
  if (BigInt(key) === 0n || BigInt(key) >= CURVE_ORDER)
    throw new InvalidSecretError("This private key lies outside the range of secp256k1");
  return key;
}

/** Words at fault are told by their place alone. */
function describeFault(words: readonly string[], lists: readonly (readonly string[])[]): string {
  const faults = lists.map((list) => {
    const known = new Set(list.map((word) => word.normalize("NFKD")));
    return words.flatMap((word, index) => (known.has(word) ? [] : [index + 1]));
  });
  const [fewest = []] = faults.toSorted((one, other) => one.length - other.length);
  if (fewest.length === 0) return "The checksum of the mnemonic does not match: a word is wrong or out of order";
  if (fewest.length === words.length) return "None of the words of the mnemonic is in a list of BIP-39";
  return `Not in the list of BIP-39: word ${fewest.join(", ")} of ${String(words.length)}`;
}

/** A mnemonic or private key that cannot be one. */
export class InvalidSecretError extends MetacoinError {
  override readonly code = "INVALID_SECRET";
}
