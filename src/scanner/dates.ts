export interface SongDates {
  /** Each `YYYY[-MM[-DD]]` or ''. */
  readonly date: string
  readonly originalDate: string
  readonly releaseDate: string
  /** 0 = unknown. */
  readonly year: number
}

/**
 * Reads what taggers write as a date: `2001`, `2001-02`, `2001-02-03T10:00`, `20010203`, `2001/2/3`, `03.02.2001`,
 * `2001年2月3日`, `3 Feb 2001`, `February 3, 2001`.
 * @returns `YYYY[-MM[-DD]]`, or '' when there is no year.
 */
function readDate(text: string): string {
  const value = text.trim()
  const dayFirst = /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$/.exec(value)
  if (dayFirst) return join(dayFirst[3], dayFirst[2], dayFirst[1])
  const named = namedMonth(value)
  if (named) return named
  const match =
    /^(\d{4})(?:[-/. ]?(\d{2})(?:[-/. ]?(\d{2}))?)?(?!\d|[-/.年]\d)/.exec(value) ??
    /^(\d{4})[-/.年] ?(\d{1,2})(?:[-/.月] ?(\d{1,2}))?(?!\d)/.exec(value) ??
    /(?<!\d)(\d{4})(?!\d)/.exec(value)
  return match ? join(match[1], match[2], match[3]) : ''
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** `3 Feb 2001`, `Feb 3, 2001`, `February 2001`. */
function namedMonth(value: string): string | undefined {
  const match = /^(\d{1,2})?[. -]{0,2}([a-z]{3})[a-z]{0,6}[. -]{1,2}(?:(\d{1,2})(?:st|nd|rd|th)?,? )?(\d{4})$/i.exec(
    value,
  )
  const month = MONTHS.indexOf((match?.[2] ?? '').toLowerCase()) + 1
  return match && month > 0 ? join(match[4], String(month), match[1] ?? match[3]) : undefined
}

function join(year: string | undefined, month: string | undefined, day: string | undefined): string {
  if (!year || Number(year) === 0) return ''
  const m = Number(month ?? 0)
  const d = Number(day ?? 0)
  if (m < 1 || m > 12) return year
  const two = (n: number) => String(n).padStart(2, '0')
  return d < 1 || d > 31 ? `${year}-${two(m)}` : `${year}-${two(m)}-${two(d)}`
}

/**
 * The three dates of a song. Taggers of old wrote the release's date as the date: with an original date, no release date
 * and a date that is not earlier, the date becomes the original one and the former date the release's.
 */
export function songDates(recording: string, original: string, release: string): SongDates {
  const known = { date: readDate(recording), originalDate: readDate(original), releaseDate: readDate(release) }
  const legacy = known.originalDate !== '' && known.releaseDate === '' && known.date >= known.originalDate
  const dates = legacy ? { ...known, date: known.originalDate, releaseDate: known.date } : known
  const date = dates.date || dates.originalDate || dates.releaseDate
  return { ...dates, date, year: Number(date.slice(0, 4)) }
}
