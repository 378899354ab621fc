import type { Config } from './load.ts'

const MASK = '****'
const SECRET = /password|secret|token|apikey/i

/** The settings for an administrator's eyes: what looks like a secret is masked wherever it stands. */
export function settingsView(config: Config): Readonly<Record<string, unknown>> {
  return masked(config) as Readonly<Record<string, unknown>>
}

function masked(value: unknown, name = ''): unknown {
  if (SECRET.test(name) && value !== '' && value !== undefined) return MASK
  if (Array.isArray(value)) return value.map((one) => masked(one))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, masked(member, key)]))
}
