/** Wall clocks of a time zone, from the data that Node brings along. Times are ms since 1970, minutes those of a day. */
export interface Zone {
  /** The minute of the local day. */
  minuteOf(at: number): number
  /** The first moment after `at` at which the local clock shows this minute; where the clocks skip it, the first after. */
  next(at: number, minute: number): number
}

const MINUTE_MS = 60_000
const DAY_MINUTES = 1_440
/** Zones change in quarters of an hour. */
const QUARTER = 15
/** The most that clocks are put forward or back. */
const SHIFT = 180

/** Undefined for a name that is no time zone. */
export function zoneOf(name: string): Zone | undefined {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      hour: 'numeric',
      minute: 'numeric',
    })
  } catch {
    return undefined
  }
  const minuteOf = (at: number): number => {
    let minute = 0
    for (const { type, value } of format.formatToParts(at)) {
      if (type === 'hour') minute += Number(value) * 60
      if (type === 'minute') minute += Number(value)
    }
    return minute
  }
  return {
    minuteOf,
    next(at, minute) {
      let now = Math.floor(at / MINUTE_MS) * MINUTE_MS
      let last = (minute - minuteOf(now) + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES
      for (;;) {
        // Clocks are changed at quarters of an hour: no step goes across one.
        const quarter = QUARTER - ((now / MINUTE_MS) % QUARTER)
        now += Math.min(quarter, last) * MINUTE_MS
        const left = (minute - minuteOf(now) + DAY_MINUTES) % DAY_MINUTES
        if (left === 0) return now
        // A day ahead all at once: the clocks were put forward over it.
        if (last <= SHIFT && left >= DAY_MINUTES - SHIFT) return now
        last = left
      }
    },
  }
}

/** The zone in which this server lives. */
export function serverZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** `22:30` as the minute of a day; undefined for what is no time. */
export function minuteOfText(text: string): number | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text)
  return match ? Number(match[1]) * 60 + Number(match[2]) : undefined
}
