/** TEST_LONG=1: the long form of tests by chance, hours rather than minutes. */
export const IS_LONG = process.env.TEST_LONG === '1'

/** How often, by the form; a variable of its own has the last word. */
export function rounds(name: string, of: { readonly short: number; readonly long: number }): number {
  return Number(process.env[name] ?? (IS_LONG ? of.long : of.short))
}

export const LONG_TIMEOUT_MS = IS_LONG ? 6 * 3_600_000 : 900_000
