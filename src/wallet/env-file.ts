import { readFile } from "node:fs/promises";
import { basename } from "node:path";

import { MetacoinError } from "../errors.ts";
import { writeFileAtomically } from "../files.ts";

type SetOptions = {
  /** Replaces a value that is there. */
  readonly force?: boolean;
};

/**
 * Sets one variable of a .env file, which only its owner can read afterwards. All other lines stay as they are.
 *
 * @returns the names of the variables that the file now sets.
 * @throws {VariableSetError} where the variable has a value already, unless `force`.
 */
export async function setVariable(
  path: string,
  name: string,
  value: string,
  { force = false }: SetOptions = {},
): Promise<string[]> {
  const text = await readIfThere(path);
  const present = assignmentsIn(text).filter((assignment) => assignment.name === name);
  if (!force && present.some((assignment) => assignment.value !== ""))
    throw new VariableSetError(`${name} is already set in ${basename(path)}; it was left as it is`, {
      hint: "--force replaces it. Without a copy of its words, what its accounts hold is then lost",
    });
  const changed = replaceAll(text, present, `${name}="${value}"`);
  await writeFileAtomically(path, changed, { mode: 0o600 });
  return assignmentsIn(changed).flatMap((assignment) => (assignment.value === "" ? [] : [assignment.name]));
}

type Assignment = { readonly name: string; readonly value: string; readonly start: number; readonly end: number };

/** As dotenv reads them: `export` may stand before the name, and a quoted value may go over several lines. */
function assignmentsIn(text: string): Assignment[] {
  const pattern =
    /^[ \t]*(?:export[ \t]+)?(?<name>[\w.-]+)[ \t]*=[ \t]*(?<value>'(?:\\'|[^'])*'|"(?:\\"|[^"])*"|`(?:\\`|[^`])*`|[^#\r\n]*)[^\r\n]*/gmu;
  return Array.from(text.matchAll(pattern), (match) => ({
    name: match.groups?.["name"] ?? "",
    value: (match.groups?.["value"] ?? "").trim().replace(/^(?<quote>['"`])(?<inner>[^]*)\k<quote>$/u, "$<inner>"),
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** The line stands where the first of those it replaces stood, else at the end. */
function replaceAll(text: string, replaced: readonly Assignment[], line: string): string {
  const [first, ...others] = replaced;
  if (first === undefined) return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${line}\n`;
  const without = others
    .toReversed()
    .reduce((rest, { start, end }) => `${rest.slice(0, start)}${rest.slice(end).replace(/^\r?\n/u, "")}`, text);
  return `${without.slice(0, first.start)}${line}${without.slice(first.end)}`;
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

/** The file holds a value that was not to be lost by accident. */
export class VariableSetError extends MetacoinError {
  override readonly code = "VARIABLE_SET";
}
