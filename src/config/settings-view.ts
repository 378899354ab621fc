import { MASK, withoutLogin } from '../base/mask.ts'
import type { Config } from './load.ts'

const SECRET = /password|secret|token|apikey/i

/** The settings for an administrator's eyes: texts that look like secrets are masked wherever they stand. */
export function settingsView(config: Config): Readonly<Record<string, unknown>> {
  return masked(config) as Readonly<Record<string, unknown>>
}

/** `name`: of the setting, also for what lies in a list. */
function masked(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return SECRET.test(name) && value !== '' ? MASK : withoutLogin(value)
  if (Array.isArray(value)) return value.map((one) => masked(one, name))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, masked(member, key)]))
}
