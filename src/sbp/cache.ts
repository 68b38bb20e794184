/** @file A map that makes what it lacks. The algebra is pure functions; this only remembers their answers. */
export class Cache<T, K = string> {
  readonly #made = new Map<K, T>();
  readonly #limit: number;

  /** Past `limit` entries it starts anew, so that a long session does not grow without bound. */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  get(key: K, make: () => T): T {
    const known = this.#made.get(key);
    if (known !== undefined || this.#made.has(key)) return known as T;
    const made = make();
    if (this.#made.size >= this.#limit) this.#made.clear();
    this.#made.set(key, made);
    return made;
  }
}
