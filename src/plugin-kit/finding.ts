/** One line of what `tonearm plugin check` tells. `fail`: it would not work; `warn`: people would stumble. */
export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail'
  readonly what: string
  readonly found: string
  /** What to do. */
  readonly advice?: string
}

export function ok(what: string, found: string): Finding {
  return { level: 'ok', what, found }
}

export function warn(what: string, found: string, advice?: string): Finding {
  return { level: 'warn', what, found, ...(advice ? { advice } : {}) }
}

export function fail(what: string, found: string, advice?: string): Finding {
  return { level: 'fail', what, found, ...(advice ? { advice } : {}) }
}
