/** A map that keeps the entries used last and gives up the others. */
export class LruMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #most: number;
  readonly #evicted: ((value: V) => void) | undefined;

  constructor(most: number, evicted?: (value: V) => void) {
    this.#most = most;
    this.#evicted = evicted;
  }

  /** The entry of a key, made where there is none. */
  get(key: K, make: () => V): V {
    const known = this.#entries.get(key);
    const value = known ?? make();
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#most) {
      const [oldestKey, oldest] = this.#entries.entries().next().value as [K, V];
      this.#entries.delete(oldestKey);
      this.#evicted?.(oldest);
    }
    return value;
  }

  values(): IterableIterator<V> {
    return this.#entries.values();
  }

  clear(): void {
    for (const value of this.#entries.values()) this.#evicted?.(value);
    this.#entries.clear();
  }
}
