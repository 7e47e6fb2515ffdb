/** How much each of those needs who wait for something. */
export class WaitingAmounts {
  /** How many wait, by what they need: requests all need one, so that there is a single entry. */
  readonly #counts = new Map<number, number>()
  total = 0

  add(amount: number): void {
    this.#counts.set(amount, (this.#counts.get(amount) ?? 0) + 1)
    this.total += amount
  }

  remove(amount: number): void {
    const left = (this.#counts.get(amount) ?? 0) - 1
    if (left > 0) this.#counts.set(amount, left)
    else this.#counts.delete(amount)
    this.total -= amount
  }

  /** Undefined when nobody waits. */
  get smallest(): number | undefined {
    let smallest: number | undefined
    for (const amount of this.#counts.keys())
      if (smallest === undefined || amount < smallest) smallest = amount
    return smallest
  }
}
