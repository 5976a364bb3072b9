/**
 * Code without the metadata that the compiler puts behind it: the last two bytes say how long that is
 * (Solidity, "Contract Metadata", encoding of the metadata hash in the bytecode). Comments and formatting change nothing else.
 */
export function withoutMetadata(code: string): string {
  const length = Number.parseInt(code.slice(-4), 16);
  const tail = code.slice(-4 - length * 2, -4);
  // A CBOR map with few entries, holding "solc" or a hash of the metadata.
  const isMetadata = /^a[1-4]/iu.test(tail) && /(64736f6c63|6970667358|627a7a72)/iu.test(tail);
  return isMetadata ? code.slice(0, -4 - length * 2) : code;
}

/** Immutables and a library's own address are this many zero bytes in the compiler's output at least. */
const shortestBlank = 20;

/**
 * True when `deployed` is `template` with its blanks filled: immutables, and the address that a library compares itself with.
 * Metadata does not count.
 */
export function isSameCode(template: string, deployed: string): boolean {
  const pattern = withoutMetadata(template.toLowerCase());
  const code = withoutMetadata(deployed.toLowerCase());
  if (pattern.length !== code.length) return false;
  if (pattern === code) return true;
  const blanks = [...pattern.matchAll(new RegExp(`(?:00){${String(shortestBlank)},}`, "gu"))];
  let from = 0;
  for (const { index, 0: blank } of blanks) {
    if (pattern.slice(from, index) !== code.slice(from, index)) return false;
    from = index + blank.length;
  }
  return pattern.slice(from) === code.slice(from);
}
