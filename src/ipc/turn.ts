/** One turn of the event loop: what has arrived already is read and accepted. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
