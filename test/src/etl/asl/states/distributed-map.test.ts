import { expect } from "chai";

import { execute } from "../../../../../src/etl/asl/execute.ts";
import type { ChildResult, HistoryEvent, ItemSource, Json, ResultTarget } from "../../../../../src/etl/asl/types.ts";
import { VirtualClock } from "../../../../../src/etl/asl/virtual-clock.ts";
import { lambda, machineOf, outputOf, runState } from "../../../../helpers/etl/asl.ts";

const config = { ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" } };
const work = { ...config, StartAt: "Work", States: { Work: { Type: "Task", Resource: lambda, End: true } } };
const pass = { ...config, StartAt: "P", States: { P: { Type: "Pass", End: true } } };
const map = { Type: "Map", ItemProcessor: pass };

const reader = (inputType: string, more: object = {}) => ({
  Resource: "arn:aws:states:::s3:getObject",
  ReaderConfig: { InputType: inputType, ...more },
  Parameters: { Bucket: "b", "Key.$": "$.key" },
});

async function read(ItemReader: object, body: string | Uint8Array | Json[]): Promise<Json> {
  return outputOf(await runState({ ...map, ItemReader }, { input: { key: "k" }, readItems: async () => body }));
}

describe("a Distributed Map", () => {
  it("runs every item as an execution of its own, with its own history", async () => {
    const children = new Map<string, HistoryEvent[]>();
    const { result, events } = await runState(
      {
        ...map,
        ItemProcessor: {
          ...config,
          StartAt: "P",
          States: {
            P: { Type: "Pass", Parameters: { "id.$": "$$.Execution.Id", "in.$": "$$.Execution.Input" }, End: true },
          },
        },
      },
      {
        input: [1, 2],
        machineName: "m",
        onChildEvent: (name, event) => children.set(name, [...(children.get(name) ?? []), event]),
      },
    );
    const [first, second] = [...children.keys()];
    expect(result).to.deep.equal({
      status: "SUCCEEDED",
      output: [
        { id: `arn:aws:states:us-east-1:000000000000:execution:m/S:${first ?? ""}`, in: 1 },
        { id: `arn:aws:states:us-east-1:000000000000:execution:m/S:${second ?? ""}`, in: 2 },
      ],
    });
    expect(events.map(({ type }) => type)).to.deep.equal([
      "ExecutionStarted",
      "MapStateEntered",
      "MapStateStarted",
      "MapRunStarted",
      "MapRunSucceeded",
      "MapStateSucceeded",
      "MapStateExited",
      "ExecutionSucceeded",
    ]);
    expect(children.get(first ?? "")?.map(({ id, type }) => `${id} ${type}`)).to.deep.equal([
      "1 ExecutionStarted",
      "2 PassStateEntered",
      "3 PassStateExited",
      "4 ExecutionSucceeded",
    ]);
  });

  it("hides the variables of the parent from its children", async () => {
    const { result } = await runState(
      {
        ...map,
        ItemProcessor: {
          ...config,
          StartAt: "P",
          States: { P: { Type: "Pass", Parameters: { "x.$": "$x" }, End: true } },
        },
      },
      { input: [1] },
    );
    expect(result).to.include({ error: "States.ExceedToleratedFailureThreshold" });
  });

  it("reads CSV with a header in the first row, or with given headers", async () => {
    expect(await read(reader("CSV", { CSVHeaderLocation: "FIRST_ROW" }), 'a,b\n1,"x\ny",surplus\n\n2\n')).to.deep.equal(
      [
        { a: "1", b: "x\ny" },
        { a: "2", b: "" },
      ],
    );
    expect(
      await read(
        reader("CSV", { CSVHeaderLocation: "GIVEN", CSVHeaders: ["a"], CSVDelimiter: "SEMICOLON" }),
        new TextEncoder().encode("1;2"),
      ),
    ).to.deep.equal([{ a: "1" }]);
  });

  it("reads quotes and backslashes of CSV as AWS does, in and out of quoted fields", async () => {
    const one = reader("CSV", { CSVHeaderLocation: "GIVEN", CSVHeaders: ["a", "b"] });
    for (const [line, ...fields] of [
      ['{""MyKey"":""MyValue""},2', '{"MyKey":"MyValue"}', "2"],
      ["C:\\\\Program Files\\\\MyApp.exe,6534512", "C:\\Program Files\\MyApp.exe", "6534512"],
      ["a\\,b,c", "a,b", "c"],
      ["x\\yz,2", "xyz", "2"],
      ['"say ""hi"", you",""', 'say "hi", you', ""],
      ['"a,\n""b""",2\r', 'a,\n"b"', "2"],
      ['5" pipe,2', '5" pipe', "2"],
    ])
      expect(await read(one, `${line ?? ""}\n\n`), line).to.deep.equal([{ a: fields[0], b: fields[1] }]);
  });

  it("reads JSON, JSON behind a pointer, JSONL, and lists", async () => {
    expect(await read(reader("JSON"), "[1,2]")).to.deep.equal([1, 2]);
    expect(await read(reader("JSON", { ItemsPointer: "/x~1y/0" }), '{"x/y":[[3]]}')).to.deep.equal([3]);
    expect(await read(reader("JSONL"), '{"a":1}\n\n{"a":2}\n')).to.deep.equal([{ a: 1 }, { a: 2 }]);
    expect(await read({ Resource: "arn:aws:states:::s3:listObjectsV2" }, [{ Key: "a" }])).to.deep.equal([{ Key: "a" }]);
  });

  it("reads no more than MaxItems", async () => {
    expect(await read(reader("JSON", { MaxItems: 1 }), "[1,2]")).to.deep.equal([1]);
    expect(await read(reader("JSON", { MaxItems: 0 }), "[1,2]")).to.deep.equal([1, 2]);
  });

  it("says what it wants to read", async () => {
    const asked: ItemSource[] = [];
    await runState(
      { ...map, ItemReader: reader("JSON") },
      {
        input: { key: "k" },
        async readItems(source) {
          asked.push(source);
          return "[]";
        },
      },
    );
    expect(asked).to.deep.equal([
      {
        stateName: "S",
        resource: "arn:aws:states:::s3:getObject",
        readerConfig: { InputType: "JSON" },
        parameters: { Bucket: "b", Key: "k" },
      },
    ]);
  });

  for (const [name, ItemReader, body, cause] of [
    [
      "duplicate headers",
      reader("CSV", { CSVHeaderLocation: "GIVEN", CSVHeaders: ["a", "a"] }),
      "1,2",
      "CSV headers cannot contain duplicates.",
    ],
    ["items that are no list", reader("JSON"), '{"a":1}', "Attempting to map over non-iterable node."],
  ] as const) {
    it(`fails for ${name}`, async () => {
      const { result, events } = await runState(
        { ...map, ItemReader },
        { input: { key: "k" }, readItems: async () => body },
      );
      expect(result).to.deep.equal({ status: "FAILED", error: "States.ItemReaderFailed", cause });
      expect(events.map(({ type }) => type)).to.include.members(["MapRunStarted", "MapRunFailed"]);
    });
  }

  it("fails where the reader does, or is not there", async () => {
    const broken = await runState(
      { ...map, ItemReader: reader("JSON") },
      { input: { key: "k" }, readItems: async () => Promise.reject(new Error("no such key")) },
    );
    expect(broken.result).to.include({ error: "States.ItemReaderFailed", cause: "no such key" });
    expect((await runState({ ...map, ItemReader: reader("JSON") }, { input: { key: "k" } })).result).to.include({
      error: "States.ItemReaderFailed",
    });
  });

  it("groups items by count and by bytes", async () => {
    const batched = async (ItemBatcher: object, input: Json[]) =>
      outputOf(await runState({ ...map, ItemBatcher }, { input }));
    expect(await batched({ MaxItemsPerBatch: 2, BatchInput: { x: 1 } }, [1, 2, 3])).to.deep.equal([
      { BatchInput: { x: 1 }, Items: [1, 2] },
      { BatchInput: { x: 1 }, Items: [3] },
    ]);
    const large = "x".repeat(100);
    expect(await batched({ MaxInputBytesPerBatch: 250 }, [large, large, large])).to.deep.equal([
      { Items: [large, large] },
      { Items: [large] },
    ]);
  });

  it("bears as many failures as it is told, and leaves them out of its result", async () => {
    const handlers = {
      Work(input: Json) {
        if (Number(input) % 2 === 1) throw new Error("odd");
        return input;
      },
    };
    const end = async (tolerance: object) =>
      (
        await runState(
          { ...map, MaxConcurrency: 1, ItemProcessor: work, ...tolerance },
          { input: [0, 1, 2, 3], handlers },
        )
      ).result;
    expect(await end({ ToleratedFailureCount: 2 })).to.deep.equal({ status: "SUCCEEDED", output: [0, 2] });
    expect(await end({ ToleratedFailurePercentage: 50 })).to.deep.equal({ status: "SUCCEEDED", output: [0, 2] });
    for (const tolerance of [{}, { ToleratedFailureCount: 1 }, { ToleratedFailurePercentage: 49 }]) {
      expect(await end(tolerance)).to.deep.equal({
        status: "FAILED",
        error: "States.ExceedToleratedFailureThreshold",
        cause: "The specified tolerated failure threshold was exceeded",
      });
    }
  });

  it("hands all results to the writer, whose answer is its own", async () => {
    const written: [ResultTarget, readonly ChildResult[]][] = [];
    const handlers = {
      Work(input: Json) {
        if (input === 1) throw new Error("odd");
        return input;
      },
    };
    const { result } = await runState(
      {
        ...map,
        ItemProcessor: work,
        ToleratedFailureCount: 1,
        ResultWriter: {
          Resource: "arn:aws:states:::s3:putObject",
          Parameters: { Bucket: "b", Prefix: "p" },
          WriterConfig: { OutputType: "JSONL" },
        },
      },
      {
        input: [0, 1],
        handlers,
        async writeResults(target, results) {
          written.push([target, results]);
          return { written: results.length };
        },
      },
    );
    expect(result).to.deep.equal({ status: "SUCCEEDED", output: { written: 2 } });
    expect(written[0]?.[0]).to.deep.include({
      resource: "arn:aws:states:::s3:putObject",
      parameters: { Bucket: "b", Prefix: "p" },
      writerConfig: { OutputType: "JSONL" },
    });
    expect(written[0]?.[1].map(({ name, ...rest }) => ({ ...rest, named: name.length }))).to.deep.equal([
      { input: 0, status: "SUCCEEDED", output: 0, named: 36 },
      { input: 1, status: "FAILED", error: "States.TaskFailed", cause: "odd", named: 36 },
    ]);
  });

  it("transforms its results where they go nowhere", async () => {
    const output = async (Transformation: string) =>
      outputOf(
        await runState(
          { ...map, ResultWriter: { WriterConfig: { Transformation, OutputType: "JSON" } } },
          { input: [[1], [2, 3]] },
        ),
      );
    expect(await output("COMPACT")).to.deep.equal([[1], [2, 3]]);
    expect(await output("FLATTEN")).to.deep.equal([1, 2, 3]);
    expect(await output("NONE")).to.have.deep.nested.property("[1].Output", "[2,3]");
  });

  for (const [state, input, message] of [
    [
      { ToleratedFailureCountPath: "$.n" },
      { n: "x" },
      'The ToleratedFailureCountPath field refers to value "x" which is not a valid integer: $.n',
    ],
    [{ ToleratedFailureCountPath: "$.n" }, { n: -1 }, "ToleratedFailureCount cannot be negative."],
    [{ ToleratedFailurePercentagePath: "$.n" }, { n: 101 }, "ToleratedFailurePercentage must be between 0 and 100."],
  ] as const) {
    it(`fails with "${message}"`, async () => {
      const { result } = await runState({ ...map, ItemsPath: "$.list", ...state }, { input: { ...input, list: [] } });
      expect(result).to.include({ error: "States.Runtime" });
      expect(result).to.have.property("cause").that.includes(message);
    });
  }

  it("stops its children when the execution is stopped", async () => {
    const abort = new AbortController();
    let begun = 0;
    const running = execute(machineOf({ StartAt: "M", States: { M: { ...map, ItemProcessor: work, End: true } } }), {
      input: [1, 2, 3],
      random: Math.random,
      clock: new VirtualClock(),
      signal: abort.signal,
      async invoke() {
        begun += 1;
        if (begun === 3) abort.abort();
        return new Promise<never>(() => undefined);
      },
    });
    expect(await running).to.deep.equal({ status: "ABORTED" });
  });
});
