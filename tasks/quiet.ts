/** What is printed to stdout meanwhile goes to stderr: stdout carries the result alone. */
export async function onStderr<Result>(work: () => Promise<Result>): Promise<Result> {
  const { stdout } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return await work();
  } finally {
    stdout.write = write;
  }
}

/** What is printed to stdout meanwhile, instead of printing it. */
export async function captureStdout(work: () => Promise<unknown>): Promise<string> {
  const { stdout } = process;
  const write = stdout.write.bind(stdout);
  const printed: string[] = [];
  stdout.write = (chunk: string | Uint8Array) => {
    printed.push(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
    return true;
  };
  try {
    await work();
    return printed.join("");
  } finally {
    stdout.write = write;
  }
}
