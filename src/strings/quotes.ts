/** The text between the quotes of a string literal as it may stand between backticks, backticks and `${` not yet escaped. */
export function rawOfLiteral(literal: string): string {
  return literal
    .slice(1, -1)
    .replaceAll(/\\[\s\S]/gu, (escape) => (escape === "\\'" || escape === '\\"' ? escape.slice(1) : escape));
}

/** Raw text between backticks; what was escaped stays so. */
export function escapeForTemplate(raw: string): string {
  return escapeRaw(raw, /\\0(?=\d)|\\[\s\S]|\$(?=\{)|`/gu);
}

/** Raw text between quotes. */
export function quote(raw: string, mark: string): string {
  const escaped = escapeRaw(raw, mark === "'" ? /\\0(?=\d)|\\[\s\S]|'/gu : /\\0(?=\d)|\\[\s\S]|"/gu);
  return [mark, escaped, mark].join("");
}

function escapeRaw(raw: string, marks: RegExp): string {
  return raw.replaceAll(marks, (found) => {
    // "\0" joined to a digit would become an octal escape.
    if (found === "\\0") return "\\x00";
    return found.startsWith("\\") ? found : `\\${found}`;
  });
}
