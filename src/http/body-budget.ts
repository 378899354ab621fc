/**
 * How much of all requests' bodies may lie in memory while they arrive: one alone is small, but thousands of connections
 * that send without a login would take all there is.
 */
export class BodyBudget {
  #left: number

  constructor(bytes: number) {
    this.#left = bytes
  }

  /** False: there is no room now, and nothing was taken. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }

  give(bytes: number): void {
    this.#left += bytes
  }
}
