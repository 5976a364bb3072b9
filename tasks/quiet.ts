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
