/** The clients of a server that has no connections to count: by name, place or topic. */
export class Clients<Key, Client> extends Map<Key, Client> {
  private onEmpty: () => void = () => undefined;

  override delete(key: Key): boolean {
    const deleted = super.delete(key);
    if (this.size === 0) this.onEmpty();
    return deleted;
  }

  /** Resolves when the last one has left, or after `graceMs`. */
  async left(graceMs: number): Promise<void> {
    const empty = Promise.withResolvers<void>();
    this.onEmpty = empty.resolve;
    const late = setTimeout(empty.resolve, this.size === 0 ? 0 : graceMs);
    await empty.promise;
    clearTimeout(late);
  }
}
