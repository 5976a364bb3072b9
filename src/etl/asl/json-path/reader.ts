/** Goes through a text from left to right. */
export class Reader {
  readonly text: string;
  position = 0;

  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.position >= this.text.length;
  }

  /** The next character, or "" at the end. */
  peek(): string {
    return this.text.charAt(this.position);
  }

  /** Steps over a text if it comes next. */
  take(expected: string): boolean {
    if (!this.text.startsWith(expected, this.position)) return false;
    this.position += expected.length;
    return true;
  }

  /** @throws {PathSyntaxError} unless the text comes next. */
  expect(expected: string): void {
    if (!this.take(expected)) throw this.error(`expected '${expected}'`);
  }

  /** Steps over what a sticky expression matches; "" where it does not. */
  match(expression: RegExp): string {
    expression.lastIndex = this.position;
    const found = expression.exec(this.text)?.[0] ?? "";
    this.position += found.length;
    return found;
  }

  spaces(): void {
    this.match(/\s*/y);
  }

  /** A quoted text; a backslash frees the quote, before anything else it stands for itself. */
  quoted(): string {
    const quote = this.peek();
    let text = "";
    for (this.position += 1; !this.done; this.position += 1) {
      const character = this.peek();
      if (character === quote) {
        this.position += 1;
        return text;
      }
      if (character === "\\" && this.text.charAt(this.position + 1) === quote) this.position += 1;
      text = `${text}${this.peek()}`;
    }
    throw this.error("unterminated text");
  }

  error(problem: string): PathSyntaxError {
    return new PathSyntaxError(`${problem} at position ${this.position} of '${this.text}'`);
  }
}

/** A path, or an intrinsic function call, that is not one. */
export class PathSyntaxError extends Error {
  override readonly name = "PathSyntaxError";
}
