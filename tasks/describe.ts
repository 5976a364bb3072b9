/**
 * A task's description: one line in the list of tasks, and the examples too where its own `--help` was asked for
 * (Hardhat has no field for examples).
 *
 * @param id the task as it is typed, such as `"upload serve"`.
 * @param examples what stands behind `npx hardhat <id>`, arguments alone.
 */
export function describe(id: string, text: string, examples: readonly string[]): string {
  const typed = process.argv.slice(2).filter((word) => !word.startsWith("-"));
  if (!process.argv.includes("--help") || typed.join(" ") !== id) return text;
  return [text, "", "EXAMPLES:", "", ...examples.map((example) => `  npx hardhat ${id} ${example}`.trimEnd())].join(
    "\n",
  );
}
