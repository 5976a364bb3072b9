/**
 * A link that opens a wallet with the payment filled in (EIP-681).
 *
 * @param wei what to ask for; undefined leaves it to whoever pays.
 * @example paymentLink("0x…", 11155111, 10n ** 16n) // "ethereum:0x…@11155111?value=10000000000000000"
 */
export function paymentLink(address: string, chainId: number, wei: bigint | undefined): string {
  return `ethereum:${address}@${String(chainId)}${wei === undefined ? "" : `?value=${wei.toString()}`}`;
}

/** Up to two significant digits, so that a person can type it and fees have some room to rise. */
export function roundUp(wei: bigint): bigint {
  const unit = 10n ** BigInt(Math.max(0, wei.toString().length - 2));
  return ((wei + unit - 1n) / unit) * unit;
}
