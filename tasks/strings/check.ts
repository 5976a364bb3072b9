import { checkFile, type Finding, type Place } from "../../src/strings/check.ts";
import { listSources, replaceText } from "../../src/strings/files.ts";
import { fixFiles } from "../../src/strings/fix.ts";
import { openFiles } from "../../src/strings/project.ts";
import { counted, format } from "../../src/text.ts";
import { action } from "../action.ts";

type Args = { readonly files: string[]; readonly fix: boolean; readonly json: boolean };

/** What `npx hardhat strings check --json` prints. */
export type StringsReport = {
  /** How many files were read. */
  readonly files: number;
  readonly found: readonly Finding[];
  readonly fixed: readonly Finding[];
  readonly unknown: readonly Place[];
};

export default action<Args, StringsReport>({
  run: async ({ files: named, fix }) => {
    const cwd = process.cwd();
    const paths = await listSources(named, cwd);
    const files = openFiles(paths, { cwd });
    try {
      const fixes = fix ? fixFiles(paths, files, cwd) : [];
      const changed = fixes.filter(({ former, text }) => text !== former);
      for (const { path, former, text } of changed) await replaceText(path, former, text);
      files.pretend(new Map(changed.map(({ path, text }) => [path, text])));
      const reports = paths.map((path) => checkFile(files.file(path), cwd));
      return {
        files: paths.length,
        found: reports.flatMap(({ found }) => found),
        fixed: fixes.flatMap(({ fixed }) => fixed),
        unknown: reports.flatMap(({ unknown }) => unknown),
      };
    } finally {
      files.close();
    }
  },
  render,
  exitCode: ({ found }) => (found.length === 0 ? 0 : 1),
});

export function render({ files, found, fixed, unknown }: StringsReport): string {
  const more =
    unknown.length === 0 ? "" : format("; the operands of {count} more are of type any", { count: unknown.length });
  return [
    ...fixed.map((finding) => line(finding, "fixed")),
    ...found.flatMap((finding) => [
      line(finding, finding.kind),
      ...(finding.unsafe === undefined ? [] : [`    --fix leaves it: ${finding.unsafe}`]),
    ]),
    ...(fixed.length === 0 ? [] : [format("{count} rewritten as templates", { count: fixed.length })]),
    format("{sums} of strings in {files}{more}", {
      sums: counted(found.length, "sum"),
      files: counted(files, "file"),
      more,
    }),
  ].join("\n");
}

function line({ file, line: row, column, text }: Place, what: string): string {
  return `${[file, row, column].join(":")}  ${what}  ${text.length > 72 ? `${text.slice(0, 71)}…` : text}`;
}
