/** Wall clocks of a time zone, from the data that Node brings along. All times are ms since 1970. */
export interface Zone {
  readonly name: string
  /** What to add to a time to read the wall clock as if it were UTC; ms. */
  offset(at: number): number
  /** The first moment of a local day; `day` counts days since 1970-01-01. */
  startOfDay(day: number): number
  /** The local day of a moment. */
  dayOf(at: number): number
}

export const DAY_MS = 86_400_000
/** Offsets are looked up for so long at once: shorter than any summer time lasts. */
const STEP_MS = 7 * DAY_MS
const QUARTER_MS = 900_000
/** Steps that are remembered: a hundred years. */
const MAX_STEPS = 5_300

/** Undefined for a name that is no time zone. */
export function zoneOf(name: string): Zone | undefined {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    })
  } catch {
    return undefined
  }
  const exact = (at: number): number => {
    const parts: Record<string, number> = {}
    const second = Math.floor(at / 1000) * 1000
    for (const { type, value } of format.formatToParts(second)) parts[type] = Number(value)
    const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second: s = 0 } = parts
    return Date.UTC(year, month - 1, day, hour, minute, s) - second
  }
  /** By step: the offset at its begin, and where it changes inside, if it does. */
  const steps = new Map<number, { readonly before: number; readonly change: number; readonly after: number }>()
  const stepAt = (at: number) => {
    const index = Math.floor(at / STEP_MS)
    let step = steps.get(index)
    if (!step) {
      const begin = index * STEP_MS
      const before = exact(begin)
      const after = exact(begin + STEP_MS)
      step = { before, after, change: before === after ? Number.POSITIVE_INFINITY : changeIn(exact, begin) }
      if (steps.size >= MAX_STEPS) steps.clear()
      steps.set(index, step)
    }
    return step
  }
  const offset = (at: number) => {
    const { before, change, after } = stepAt(at)
    return at < change ? before : after
  }
  return {
    name: format.resolvedOptions().timeZone,
    offset,
    dayOf: (at) => Math.floor((at + offset(at)) / DAY_MS),
    startOfDay: (day) => {
      const midnight = day * DAY_MS
      const earlier = offset(midnight - DAY_MS)
      const later = offset(midnight + DAY_MS)
      const starts = [midnight - earlier, midnight - later].filter((at) => at + offset(at) === midnight)
      // A midnight that the clocks skip: the day begins where they were put forward.
      return starts.length > 0 ? Math.min(...starts) : midnight - earlier
    },
  }
}

/** The zone in which this server lives. */
export function serverZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** The first quarter of an hour in a step with another offset than at its begin. */
function changeIn(exact: (at: number) => number, begin: number): number {
  const before = exact(begin)
  let low = 0
  let high = STEP_MS / QUARTER_MS
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (exact(begin + middle * QUARTER_MS) === before) low = middle
    else high = middle
  }
  return begin + high * QUARTER_MS
}

/** `2024-02-29` of a day since 1970. */
export function dateText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}
