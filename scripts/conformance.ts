// Compares the interpreter with what real AWS Step Functions answered.
//
//   npm run conformance -- <dir> [--failures]    exit code 1 below a floor; --failures also lists what differs
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { judgeExecution, type ExecutionCase, type ExecutionVerdict } from "./conformance/executions.ts";
import { isMet, measure, render, type Verdicts } from "./conformance/report.ts";
import { judgeTestState, type TestStateCase } from "./conformance/test-states.ts";
import { judgeValidation, type ValidationCase } from "./conformance/validations.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { failures: { type: "boolean", default: false } },
});
const [folder] = positionals;
if (folder === undefined) {
  process.stderr.write("Usage: npm run conformance -- <dir> [--failures]\n");
  process.exitCode = 2;
} else {
  const cases = await readCases(folder);
  const verdicts = await judge(cases);
  process.stdout.write(`${render(verdicts)}\n`);
  if (values.failures) process.stdout.write(`\n${failuresOf(verdicts).join("\n")}\n`);
  process.exitCode = cases.length > 0 && measure(verdicts).every(isMet) ? 0 : 1;
}

type Case = ExecutionCase | TestStateCase | ValidationCase;

/** Every file of the folder is a list of cases; what kind a case is shows in its fields. */
async function readCases(folder: string): Promise<Case[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
  const files = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as Case[]),
  );
  return files.flat();
}

async function judge(cases: readonly Case[]): Promise<Verdicts> {
  const executions: ExecutionVerdict[] = [];
  const testStates: Awaited<ReturnType<typeof judgeTestState>>[] = [];
  const validations: ReturnType<typeof judgeValidation>[] = [];
  let leftOut = 0;
  for (const recorded of cases) {
    if ("unusable_mock" in recorded || "unusable_time" in recorded) leftOut += 1;
    else if ("mocks" in recorded) executions.push(await judgeExecution(recorded));
    else if ("request" in recorded) testStates.push(await judgeTestState(recorded));
    else if ("definition" in recorded) validations.push(judgeValidation(recorded));
  }
  return { executions, testStates, validations, leftOut };
}

function failuresOf({ executions, testStates, validations }: Verdicts): string[] {
  const differs = executions.filter(({ end, cause, log }) => !end || cause === false || log === false);
  return [...differs, ...[...testStates, ...validations].filter(({ ok }) => !ok)].map((verdict) =>
    JSON.stringify(verdict),
  );
}
