export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail'
  readonly what: string
  readonly found: string
  /** What to do. */
  readonly advice?: string
}
