import { ChildProcess } from "node:child_process";

import { API, type Checker, type Project } from "typescript/unstable/sync";
import type { SourceFile } from "typescript/unstable/ast";

import { MetacoinError } from "../errors.ts";

/** One file with the types of the project it belongs to. */
export type TypedFile = {
  readonly path: string;
  readonly source: SourceFile;
  readonly checker: Checker;
  /** False where a `string` may be `undefined` behind the back of the types: JavaScript, or no `strictNullChecks`. */
  readonly strict: boolean;
  /** Whether the type of `list[i]` admits that there may be nothing. */
  readonly checksIndexes: boolean;
  readonly parses: boolean;
};

/** TypeScript's own view of some files, and of what they would be with another text. */
export type TypedFiles = {
  /** @throws {UnreadFileError} */
  file(path: string): TypedFile;
  /** Sees these files with these texts instead of what the disk holds; all others as the disk holds them now. */
  pretend(texts: ReadonlyMap<string, string>): void;
  /** What TypeScript finds wrong in the whole of each project that holds one of `paths`. */
  errors(paths: readonly string[]): readonly string[];
  close(): void;
};

/**
 * Opens files in the projects (tsconfig.json) that list them; others, and JavaScript, get TypeScript's defaults.
 *
 * It runs TypeScript's native compiler as a child process until `close`.
 */
export function openFiles(paths: readonly string[], { cwd }: { readonly cwd: string }): TypedFiles {
  let pretended: ReadonlyMap<string, string> = new Map();
  const api = new API({ cwd, fs: { readFile: (path) => pretended.get(path) } });
  let snapshot = api.updateSnapshot({ openFiles: [...paths] });
  const projectOf = (path: string) => snapshot.getDefaultProjectForFile(path);
  return {
    file(path) {
      const project = projectOf(path);
      const source = project?.program.getSourceFile(path);
      if (project === undefined || source === undefined) throw new UnreadFileError(`TypeScript could not read ${path}`);
      return typedFile(path, project, source);
    },
    pretend(texts) {
      const changed = [...new Set([...pretended.keys(), ...texts.keys()])];
      pretended = texts;
      if (changed.length === 0) return;
      // An open file keeps the text it was opened with, so it is opened again.
      api.updateSnapshot({ closeFiles: changed });
      snapshot = api.updateSnapshot({ openFiles: changed, fileChanges: { changed } });
    },
    errors(wanted) {
      const projects = new Set(wanted.map(projectOf).filter((project) => project !== undefined));
      return [...projects].flatMap(({ program }) =>
        [...program.getSyntacticDiagnostics(), ...program.getSemanticDiagnostics()].map(
          ({ fileName, code, text }) => `${fileName ?? ""}: TS${String(code)} ${text}`,
        ),
      );
    },
    close: () => end(api),
  };
}

/**
 * Ends the compiler. `api.close()` sends a signal that the compiler catches, and then it writes "context canceled" to the
 * stderr it shares with us; it has nothing to save, so it can be killed.
 */
function end(api: API): void {
  const client: unknown = Reflect.get(api, "client");
  const channel: unknown = isObject(client) ? Reflect.get(client, "channel") : undefined;
  const child: unknown = isObject(channel) ? Reflect.get(channel, "child") : undefined;
  if (!(child instanceof ChildProcess)) return api.close();
  child.kill("SIGKILL");
  child.stdin?.destroy();
  child.stdout?.destroy();
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function typedFile(path: string, { program, checker }: Project, source: SourceFile): TypedFile {
  const options = program.getCompilerOptions();
  const typescript = /\.[cm]?tsx?$/u.test(path);
  return {
    path,
    source,
    checker,
    strict: typescript && (options.strictNullChecks ?? options.strict ?? true),
    checksIndexes: options.noUncheckedIndexedAccess ?? false,
    parses: program.getSyntacticDiagnostics(path).length === 0,
  };
}

export class UnreadFileError extends MetacoinError {
  override readonly code = "UNREAD_FILE";
}
