import { type PluginContext, Type } from 'tonearm/plugin'

export const PERMISSIONS = [
  'playback:read',
  'library:read',
  'users:read',
  'server:read',
  'request',
  'db',
  'settings',
  'scheduler',
  'assets',
  'routes',
  'routes:public',
  'routes:root',
] as const

export const CONFIG = {
  collect: Type.Boolean({ default: true, title: 'Compute and keep figures once a day, here and nowhere else' }),
  timeZone: Type.String({
    default: '',
    title: 'Time zone of days and hours, as Europe/Berlin; empty = the server\u2019s',
  }),
  keepDays: Type.Integer({ default: 800, minimum: 1, maximum: 4000, title: 'Days that the daily figures are kept' }),
  sendTo: Type.String({
    default: '',
    title: 'Address that anonymous figures are posted to once a day; empty = nothing is ever sent',
  }),
  metricsPassword: Type.String({
    default: '',
    secret: true,
    title: 'Password of /metrics for Prometheus; empty = there is no /metrics',
  }),
}

export type Config = {
  readonly collect: boolean
  readonly timeZone: string
  readonly keepDays: number
  readonly sendTo: string
  readonly metricsPassword: string
}
export type Context = PluginContext<Config, (typeof PERMISSIONS)[number]>
