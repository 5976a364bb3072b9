import { ProtocolError } from "./contract.ts";

/** What travels between Python and us: the values both languages have. */
export type Plain =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** Deepest nesting that is read or written. */
export const maxDepth = 100;

/** Writes a value as a pickle of protocol 2 (3 where it holds bytes), which every Python 3 reads. */
export function pickle(value: unknown): Buffer {
  const parts: Buffer[] = [Buffer.from([0x80, 3])];
  write(value, parts, 0);
  parts.push(Buffer.from("."));
  return Buffer.concat(parts);
}

function write(value: unknown, parts: Buffer[], depth: number): void {
  if (depth > maxDepth) throw new ProtocolError("A value is nested too deeply for a pickle");
  if (value === null || value === undefined) parts.push(Buffer.from("N"));
  else if (typeof value === "boolean") parts.push(Buffer.from([value ? 0x88 : 0x89]));
  else if (typeof value === "number") parts.push(numberBytes(value));
  else if (typeof value === "bigint") parts.push(integerBytes(value));
  else if (typeof value === "string") parts.push(sized(0x58, Buffer.from(value)));
  else if (value instanceof Uint8Array) parts.push(sized(0x42, value));
  else if (Array.isArray(value)) {
    parts.push(Buffer.from("]("));
    for (const item of value) write(item, parts, depth + 1);
    parts.push(Buffer.from("e"));
  } else if (typeof value === "object") {
    parts.push(Buffer.from("}("));
    for (const [key, item] of Object.entries(value)) {
      write(key, parts, depth + 1);
      write(item, parts, depth + 1);
    }
    parts.push(Buffer.from("u"));
  } else throw new ProtocolError(`Python has no value for a ${typeof value}`);
}

function numberBytes(value: number): Buffer {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    if (value >= -0x80_00_00_00 && value <= 0x7f_ff_ff_ff) {
      const bytes = Buffer.allocUnsafe(5);
      bytes[0] = 0x4a;
      bytes.writeInt32LE(value, 1);
      return bytes;
    }
    return integerBytes(BigInt(value));
  }
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = 0x47;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function integerBytes(value: bigint): Buffer {
  let length = 1;
  while (BigInt.asIntN(length * 8, value) !== value) length += 1;
  if (length > 255) throw new ProtocolError("An integer of more than 2040 bits is not written");
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, "0");
  return Buffer.concat([Buffer.from([0x8a, length]), Buffer.from(hex, "hex").reverse()]);
}

function sized(opcode: number, bytes: Uint8Array): Buffer {
  const header = Buffer.allocUnsafe(5);
  header[0] = opcode;
  header.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([header, bytes]);
}
