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

/** Writes a value as a pickle of protocol 3, which every Python 3 reads, after `room` bytes that stay unwritten. */
export function pickle(value: unknown, room = 0): Buffer {
  const output = new Output(room);
  output.byte(0x80);
  output.byte(3);
  write(value, output, 0);
  output.byte(0x2e);
  return output.done();
}

/** A buffer that grows. */
class Output {
  private buffer: Buffer;
  private at: number;

  constructor(room: number) {
    this.buffer = Buffer.allocUnsafe(room + 128);
    this.at = room;
  }

  /** Makes place for some bytes; where they begin. */
  take(count: number): number {
    const start = this.at;
    this.at += count;
    if (this.at > this.buffer.length) {
      const larger = Buffer.allocUnsafe(this.at * 2);
      this.buffer.copy(larger, 0, 0, start);
      this.buffer = larger;
    }
    return start;
  }

  byte(value: number): void {
    // First the place: making it can exchange the buffer.
    const start = this.take(1);
    this.buffer[start] = value;
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.uint32(length);
    const start = this.take(length);
    this.buffer.write(value, start, "utf8");
  }

  append(data: Uint8Array): void {
    const start = this.take(data.length);
    this.buffer.set(data, start);
  }

  int32(value: number): void {
    const start = this.take(4);
    this.buffer.writeInt32LE(value, start);
  }

  uint32(value: number): void {
    const start = this.take(4);
    this.buffer.writeUInt32LE(value, start);
  }

  double(value: number): void {
    const start = this.take(8);
    this.buffer.writeDoubleBE(value, start);
  }

  done(): Buffer {
    return this.buffer.subarray(0, this.at);
  }
}

function write(value: unknown, output: Output, depth: number): void {
  if (depth > maxDepth) throw new ProtocolError("A value is nested too deeply for a pickle");
  if (value === null || value === undefined) output.byte(0x4e);
  else if (typeof value === "boolean") output.byte(value ? 0x88 : 0x89);
  else if (typeof value === "number") writeNumber(value, output);
  else if (typeof value === "bigint") writeInteger(value, output);
  else if (typeof value === "string") {
    output.byte(0x58);
    output.text(value);
  } else if (value instanceof Uint8Array) {
    output.byte(0x42);
    output.uint32(value.length);
    output.append(value);
  } else if (Array.isArray(value)) {
    output.byte(0x5d);
    output.byte(0x28);
    for (const item of value) write(item, output, depth + 1);
    output.byte(0x65);
  } else if (typeof value === "object") {
    output.byte(0x7d);
    output.byte(0x28);
    for (const [key, item] of Object.entries(value)) {
      write(key, output, depth + 1);
      write(item, output, depth + 1);
    }
    output.byte(0x75);
  } else throw new ProtocolError(`Python has no value for a ${typeof value}`);
}

function writeNumber(value: number, output: Output): void {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    output.byte(0x47);
    output.double(value);
  } else if (value >= -0x80_00_00_00 && value <= 0x7f_ff_ff_ff) {
    output.byte(0x4a);
    output.int32(value);
  } else writeInteger(BigInt(value), output);
}

function writeInteger(value: bigint, output: Output): void {
  let length = 1;
  while (BigInt.asIntN(length * 8, value) !== value) length += 1;
  if (length > 255) throw new ProtocolError("An integer of more than 2040 bits is not written");
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, "0");
  output.byte(0x8a);
  output.byte(length);
  output.append(Buffer.from(hex, "hex").reverse());
}
