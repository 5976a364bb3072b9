import { ProtocolError } from "./contract.ts";
import { maxDepth, type Plain } from "./pickle.ts";

/** Marks a place on the stack. */
const mark = Symbol("mark");

/** Most values at once: an empty list is one byte in a pickle and dozens in memory. */
const maxItems = 250_000;

/** Most characters by reference: two bytes stand for a text of any length, and whoever writes the value out writes it again. */
const maxRecalled = 1_000_000;

type Item = Plain | typeof mark;

/**
 * Reads a pickle of plain values: numbers, strings, bytes, booleans, None, lists, tuples and dicts with string keys.
 *
 * Opcodes that name a class, call something or set state (GLOBAL, REDUCE, BUILD, INST, NEWOBJ, …) are refused, and so is a second
 * reference to a list or dict, with which a few bytes could stand for gigabytes.
 *
 * @throws {ProtocolError} on anything else; no code of the pickle is ever run.
 */
export function unpickle(bytes: Buffer): Plain {
  const machine = new Machine(bytes);
  for (;;) {
    const code = machine.byte();
    if (code === 0x2e) break;
    if (machine.stack.length > maxItems)
      throw new ProtocolError(`A pickle of more than ${String(maxItems)} values is refused`);
    const run = opcodes[code];
    if (run === undefined) {
      throw new ProtocolError(
        `A pickle that could run code was refused (opcode 0x${code.toString(16).padStart(2, "0")})`,
      );
    }
    run(machine);
  }
  const value = machine.pop();
  if (depthOf(value) > maxDepth) throw new ProtocolError("A pickle is nested too deeply");
  return value;
}

/** The stack machine that a pickle is a program for. */
class Machine {
  readonly bytes: Buffer;
  readonly stack: Item[] = [];
  readonly memo: Item[] = [];
  at = 0;
  private recalled = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new ProtocolError("A pickle ends too early");
    this.at += 1;
    return byte;
  }

  take(count: number): Buffer {
    const start = this.at;
    this.skip(count);
    return this.bytes.subarray(start, this.at);
  }

  skip(count: number): void {
    if (count < 0 || this.at + count > this.bytes.length) throw new ProtocolError("A pickle ends too early");
    this.at += count;
  }

  text(length: number): string {
    const start = this.at;
    this.skip(length);
    return this.bytes.toString("utf8", start, this.at);
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new ProtocolError("A pickle ends too early");
    const text = this.bytes.toString("latin1", this.at, end);
    this.at = end + 1;
    return text;
  }

  size8() {
    return Number(this.take(8).readBigUInt64LE());
  }

  pop(): Plain {
    const item = this.stack.pop();
    if (item === undefined || item === mark) throw new ProtocolError("A pickle takes more than it put");
    return item;
  }

  popToMark(): Plain[] {
    const from = this.stack.lastIndexOf(mark);
    if (from < 0) throw new ProtocolError("A pickle takes more than it put");
    const items = this.stack.splice(from + 1);
    this.stack.pop();
    return items.filter((item) => item !== mark);
  }

  recall(index: number) {
    const item = this.memo[index];
    if (item === undefined || typeof item === "object") {
      throw new ProtocolError("A pickle refers to a list or dict twice, which is refused");
    }
    if (typeof item === "string") this.recalled += item.length;
    if (this.recalled > maxRecalled) throw new ProtocolError("A pickle refers to its texts too often");
    this.stack.push(item);
  }

  remember(index: number) {
    if (index > this.bytes.length) throw new ProtocolError("A pickle remembers more than it holds");
    const top = this.stack.at(-1);
    if (top !== undefined) this.memo[index] = top;
  }

  append(items: readonly Plain[]) {
    const list = this.stack.at(-1);
    if (!Array.isArray(list)) throw new ProtocolError("A pickle appends to what is no list");
    for (const item of items) list.push(item);
  }

  setItems(items: readonly Plain[]) {
    const dict = this.stack.at(-1);
    if (typeof dict !== "object" || dict === null || Array.isArray(dict) || dict instanceof Uint8Array) {
      throw new ProtocolError("A pickle sets an item of what is no dict");
    }
    for (let index = 0; index + 1 < items.length; index += 2) {
      const key = items[index];
      if (typeof key !== "string") throw new ProtocolError("Only dicts with strings as keys are read");
      Object.defineProperty(dict, key, {
        value: items[index + 1],
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
  }

  last(count: number): Plain[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }
}

const opcodes: Readonly<Record<number, (machine: Machine) => void>> = {
  0x80: (machine) => {
    const version = machine.byte();
    if (version > 5) throw new ProtocolError(`Pickle protocol ${String(version)} is unknown`);
  },
  0x95: (machine) => {
    machine.skip(8);
  },
  // MARK, POP, POP_MARK
  0x28: (machine) => machine.stack.push(mark),
  0x30: (machine) => machine.stack.pop(),
  0x31: (machine) => machine.popToMark(),
  // NONE, NEWTRUE, NEWFALSE
  0x4e: (machine) => machine.stack.push(null),
  0x88: (machine) => machine.stack.push(true),
  0x89: (machine) => machine.stack.push(false),
  // BININT, BININT1, BININT2, LONG1, LONG4, BINFLOAT, INT, LONG, FLOAT
  0x4a: (machine) => machine.stack.push(machine.take(4).readInt32LE()),
  0x4b: (machine) => machine.stack.push(machine.byte()),
  0x4d: (machine) => machine.stack.push(machine.take(2).readUInt16LE()),
  0x8a: (machine) => machine.stack.push(signedInteger(machine.take(machine.byte()))),
  0x8b: (machine) => machine.stack.push(signedInteger(machine.take(machine.take(4).readInt32LE()))),
  0x47: (machine) => machine.stack.push(machine.take(8).readDoubleBE()),
  0x49: (machine) => machine.stack.push(decimal(machine.line())),
  0x4c: (machine) => machine.stack.push(decimal(machine.line().replace(/L$/u, ""))),
  0x46: (machine) => machine.stack.push(Number(machine.line())),
  // BINUNICODE, SHORT_BINUNICODE, BINUNICODE8
  0x58: (machine) => machine.stack.push(machine.text(machine.take(4).readUInt32LE())),
  0x8c: (machine) => machine.stack.push(machine.text(machine.byte())),
  0x8d: (machine) => machine.stack.push(machine.text(machine.size8())),
  // BINBYTES, SHORT_BINBYTES, BINBYTES8, BYTEARRAY8
  0x42: (machine) => machine.stack.push(Buffer.from(machine.take(machine.take(4).readUInt32LE()))),
  0x43: (machine) => machine.stack.push(Buffer.from(machine.take(machine.byte()))),
  0x8e: (machine) => machine.stack.push(Buffer.from(machine.take(machine.size8()))),
  0x96: (machine) => machine.stack.push(Buffer.from(machine.take(machine.size8()))),
  // EMPTY_LIST, APPEND, APPENDS, LIST
  0x5d: (machine) => machine.stack.push([]),
  0x61: (machine) => {
    const item = machine.pop();
    machine.append([item]);
  },
  0x65: (machine) => {
    const items = machine.popToMark();
    machine.append(items);
  },
  0x6c: (machine) => machine.stack.push(machine.popToMark()),
  // EMPTY_TUPLE, TUPLE, TUPLE1, TUPLE2, TUPLE3
  0x29: (machine) => machine.stack.push([]),
  0x74: (machine) => machine.stack.push(machine.popToMark()),
  0x85: (machine) => machine.stack.push(machine.last(1)),
  0x86: (machine) => machine.stack.push(machine.last(2)),
  0x87: (machine) => machine.stack.push(machine.last(3)),
  // EMPTY_DICT, DICT, SETITEM, SETITEMS
  0x7d: (machine) => machine.stack.push({}),
  0x64: (machine) => {
    const items = machine.popToMark();
    machine.stack.push({});
    machine.setItems(items);
  },
  0x73: (machine) => {
    const items = machine.last(2);
    machine.setItems(items);
  },
  0x75: (machine) => {
    const items = machine.popToMark();
    machine.setItems(items);
  },
  // PUT, BINPUT, LONG_BINPUT, MEMOIZE
  0x70: (machine) => {
    machine.remember(Number(machine.line()));
  },
  0x71: (machine) => {
    machine.remember(machine.byte());
  },
  0x72: (machine) => {
    machine.remember(machine.take(4).readUInt32LE());
  },
  0x94: (machine) => {
    machine.remember(machine.memo.length);
  },
  // GET, BINGET, LONG_BINGET
  0x67: (machine) => {
    machine.recall(Number(machine.line()));
  },
  0x68: (machine) => {
    machine.recall(machine.byte());
  },
  0x6a: (machine) => {
    machine.recall(machine.take(4).readUInt32LE());
  },
};

/** Little-endian two's complement, as Python writes integers. */
function signedInteger(bytes: Buffer): number | bigint {
  if (bytes.length === 0) return 0;
  if (bytes.length > 1024) throw new ProtocolError("An integer of more than 8192 bits is refused");
  const hex = Buffer.from(bytes).reverse().toString("hex");
  return small(BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`)));
}

/** Python writes booleans as `I01` and `I00` in protocol 0. */
function decimal(text: string): number | bigint | boolean {
  if (text === "01") return true;
  if (text === "00") return false;
  if (!/^-?\d{1,2000}$/u.test(text)) throw new ProtocolError("A pickle holds a malformed integer");
  return small(BigInt(text));
}

function small(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function depthOf(value: Plain, depth = 0): number {
  if (depth > maxDepth || typeof value !== "object" || value === null || value instanceof Uint8Array) return depth;
  const items: readonly Plain[] = Object.values(value);
  return items.reduce<number>((deepest, item) => Math.max(deepest, depthOf(item, depth + 1)), depth);
}
