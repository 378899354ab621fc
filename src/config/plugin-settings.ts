import type { Config } from './load.ts'
import { isSection, SETTINGS, type Section } from './schema.ts'

/**
 * What the configuration says for a plugin, by the names of that plugin's own settings; {} where it has no section for it.
 * Times are in seconds, as plugins count them.
 */
export function pluginSettings(config: Config, plugin: string): Readonly<Record<string, unknown>> {
  const section = sectionOf(plugin)
  if (!section) return {}
  const values = config[plugin as keyof Config] as unknown as Readonly<Record<string, unknown>>
  const settings = Object.entries(section.members).map(([key, member]) => {
    const inMs = !isSection(member) && member.unit === 'ms'
    return [key, inMs ? Math.round(Number(values[key]) / 1000) : values[key]]
  })
  return Object.fromEntries(settings)
}

function sectionOf(plugin: string): Section | undefined {
  const { members }: Section = SETTINGS
  const member = Object.hasOwn(members, plugin) ? members[plugin] : undefined
  return member && isSection(member) && member.ofPlugin ? member : undefined
}
