/** A small seeded generator (mulberry32): the same seed gives the same run on every machine. */
export interface Random {
  readonly seed: number
  /** In [0, 1). */
  next(): number
  /** Whole, from 0 to `below` - 1. */
  whole(below: number): number
  pick<T>(list: readonly T[]): T
  bytes(length: number): Uint8Array
}

/** The seed comes from TEST_SEED, else from the clock; whoever uses it prints it. */
export function createRandom(seed = Number(process.env.TEST_SEED ?? Date.now() % 2 ** 31)): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (below: number) => Math.floor(next() * below)
  return {
    seed,
    next,
    whole,
    pick: (list) => list[whole(list.length)] as (typeof list)[number],
    bytes: (length) => Uint8Array.from({ length }, () => whole(256)),
  }
}
