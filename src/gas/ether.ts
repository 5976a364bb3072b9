/** Wei as ether, in full and without trailing zeros. */
export function toEther(wei: bigint): string {
  return shift(wei, 18);
}

/** Wei as ether with six significant decimals: enough to compare, short enough to read. */
export function toShortEther(wei: bigint): string {
  const [whole = "0", fraction = ""] = toEther(wei).split(".");
  const digits = /^0*\d{0,6}/u.exec(fraction)?.[0].replace(/0+$/u, "") ?? "";
  return digits === "" ? whole : `${whole}.${digits}`;
}

/** Wei per gas as gwei. */
export function toGwei(wei: bigint): string {
  return shift(wei, 9);
}

function shift(value: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const fraction = (value % unit).toString().padStart(digits, "0").replace(/0+$/u, "");
  return fraction === "" ? String(value / unit) : `${String(value / unit)}.${fraction}`;
}
