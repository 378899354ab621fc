import type { PluginContext } from 'tonearm/plugin'

/** What this plugin's parts are given. */
export type Context = PluginContext<unknown, 'admin' | 'access:scope' | 'users:read' | 'db' | 'routes' | 'routes:root'>
