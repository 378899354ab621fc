import { Refusal } from './refusal.ts'
import { DAY_MS, dateText, type Zone } from './zones.ts'

/** From the begin of a local day to the begin of another, in a time zone. */
export interface Period {
  readonly name: string
  readonly zone: Zone
  /** Local days since 1970-01-01; `toDay` is not in it any more. */
  readonly fromDay: number
  readonly toDay: number
  /** ms since 1970. */
  readonly from: number
  readonly to: number
}

const HELP =
  'period is 7d, 30d, 90d, 365d, month, year, all, a year (2024), a month (2024-02) or from..to (2024-01-01..2024-02-29)'
/** Longer back nobody was counted. */
const FIRST_DAY = Date.UTC(1995, 0, 1) / DAY_MS
const MAX_DAYS = 36_600

/** Throws a refusal for what is no period. */
export function periodOf(text: string, zone: Zone, now: number): Period {
  const today = zone.dayOf(now)
  const make = (fromDay: number, toDay: number): Period => {
    if (!(fromDay < toDay) || toDay - fromDay > MAX_DAYS || fromDay < -7000 || toDay > 100_000)
      throw new Refusal(400, HELP)
    return { name: text, zone, fromDay, toDay, from: zone.startOfDay(fromDay), to: zone.startOfDay(toDay) }
  }
  const days = /^([1-9]\d{0,4})d$/.exec(text)
  if (days) return make(today + 1 - Number(days[1]), today + 1)
  const [year = 0, month = 1] = dateText(today).split('-').map(Number)
  if (text === 'all') return make(FIRST_DAY, today + 2)
  if (text === 'year') return make(dayNumber(year, 1, 1), dayNumber(year + 1, 1, 1))
  if (text === 'month') return make(dayNumber(year, month, 1), dayNumber(year, month + 1, 1))
  const parts = /^(\d{4})(?:-(\d\d))?$/.exec(text)
  if (parts?.[2]) {
    const [y, m] = [Number(parts[1]), Number(parts[2])]
    if (m < 1 || m > 12) throw new Refusal(400, HELP)
    return make(dayNumber(y, m, 1), dayNumber(y, m + 1, 1))
  }
  if (parts) return make(dayNumber(Number(parts[1]), 1, 1), dayNumber(Number(parts[1]) + 1, 1, 1))
  const range = /^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/.exec(text)
  if (range) return make(dayOfText(range[1] ?? ''), dayOfText(range[2] ?? '') + 1)
  throw new Refusal(400, HELP)
}

function dayNumber(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / DAY_MS
}

function dayOfText(text: string): number {
  const day = Date.parse(`${text}T00:00:00Z`) / DAY_MS
  if (Number.isInteger(day) && dateText(day) === text) return day
  throw new Refusal(400, `${text} is no day`)
}
