import { coreTables } from '../../db/migrate.ts'

/** Which tables are a plugin's own. */
export interface OwnTables {
  readonly plugin: string
  /** `my-plugin` owns tables and indexes that begin with `my_plugin_`. */
  readonly prefix: string
  /** `name` in lower case. */
  owns(name: string): boolean
}

/** `known`: the names of all plugins; what begins like a longer one of them belongs to that. */
export function ownTables(plugin: string, known: readonly string[]): OwnTables {
  const prefix = tablePrefix(plugin)
  const foreign = known.map(tablePrefix).filter((other) => other !== prefix && other.startsWith(prefix))
  return {
    plugin,
    prefix,
    owns: (name) => name.startsWith(prefix) && !foreign.some((other) => name.startsWith(other)),
  }
}

function tablePrefix(plugin: string): string {
  return `${plugin.replaceAll('-', '_')}_`
}

const CORE = [...coreTables(), 'sqlite', 'pragma', 'tonearm']

/** A plugin of this name would own what is the core's, or could be some day: `song` has `song_tags`. */
export function isReservedName(plugin: string): boolean {
  const prefix = tablePrefix(plugin)
  return CORE.some((table) => `${table}_`.startsWith(prefix))
}
