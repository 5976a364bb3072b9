import { ByteWriter, ParquetWriter } from "hyparquet-writer";

import { columns } from "./row.ts";

/** Joins CSV lines into a file, chunk by chunk. */
export type Format = (lines: AsyncIterable<string>) => AsyncGenerator<string | Uint8Array>;

/** The formats that `etl run transfers` writes. */
export const formats: Readonly<Record<"csv" | "jsonl" | "parquet", Format>> = {
  async *csv(lines) {
    yield `${columns.join(",")}\r\n`;
    yield* lines;
  },

  async *jsonl(lines) {
    for await (const text of lines)
      yield cellsOf(text)
        .map(
          ([block, transaction, logIndex, from, to, value]) =>
            `${JSON.stringify({ block: Number(block), transaction, logIndex: Number(logIndex), from, to, value })}\n`,
        )
        .join("");
  },

  /** Row groups of about 20,000 rows: one group at a time is in memory. `value` is text: no Parquet number has 256 bits. */
  async *parquet(lines) {
    const writer = new ByteWriter();
    const file = new ParquetWriter({ writer, schema });
    let group: string[][] = [];
    const flush = async () => {
      if (group.length > 0) await file.write({ columnData: columnsOf(group), rowGroupSize: group.length });
      group = [];
      return take(writer);
    };
    for await (const text of lines) {
      for (const cells of cellsOf(text)) group.push(cells);
      if (group.length >= 20_000) yield await flush();
    }
    yield await flush();
    await file.finish();
    yield take(writer);
  },
};

type Schema = ConstructorParameters<typeof ParquetWriter>[0]["schema"];

const schema: Schema = [
  { name: "root", num_children: columns.length },
  { name: "block", type: "INT32", repetition_type: "REQUIRED" },
  { name: "transaction", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
  { name: "logIndex", type: "INT32", repetition_type: "REQUIRED" },
  { name: "from", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
  { name: "to", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
  { name: "value", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" },
];

function columnsOf(rows: readonly (readonly string[])[]) {
  return columns.map((name, at) => {
    const cells = rows.map((row) => row[at] ?? "");
    return { name, data: name === "block" || name === "logIndex" ? Int32Array.from(cells, Number) : cells };
  });
}

function cellsOf(text: string): string[][] {
  return text
    .split("\r\n")
    .slice(0, -1)
    .map((line) => line.split(","));
}

/** The bytes written so far, out of the writer: its count of all bytes goes on, as offsets need. */
function take(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice();
  writer.index = 0;
  return bytes;
}
