import { resolve } from 'node:path'
import type { PluginInfo } from '../plugin/host/plugin-info.ts'
import { type Invocation, usage } from './arguments.ts'
import type { Backend } from './backend.ts'
import { isKitCommand } from './command-plugin-kit.ts'
import { type CliContext, print } from './context.ts'

/** Words behind each action: at least, at most. */
const WORDS: Readonly<Record<string, readonly [number, number]>> = {
  list: [0, 0],
  add: [1, 1],
  remove: [1, 1],
  enable: [1, 1],
  disable: [1, 1],
  reload: [1, 1],
  rescan: [0, 0],
  grant: [1, 100],
}

/** Throws for anything but the forms in the help text. */
export function checkPluginWords(words: readonly string[]): void {
  if (isKitCommand(words)) return
  const [action = '', ...rest] = words
  const bounds = Object.hasOwn(WORDS, action) ? WORDS[action] : undefined
  if (!bounds) throw usage(`plugin wants one of ${Object.keys(WORDS).join(', ')}, new, build, check.`)
  const [least, most] = bounds
  if (rest.length < least)
    throw usage(`plugin ${action}: ${action === 'add' ? 'a folder or .tgz' : 'a name'} is missing.`)
  if (rest.length > most) throw usage(`plugin ${words.join(' ')}: "${rest[most]}" is too much.`)
}

/** `tonearm plugin ...`: the words were checked by `checkPluginWords`, before anything was opened. */
export async function pluginCommand(context: CliContext, invocation: Invocation, backend: Backend): Promise<void> {
  const { words, options } = invocation
  const [action, name = '', ...permissions] = words
  const tell = (infos: readonly PluginInfo[], text: string) =>
    print(context, options.json ? JSON.stringify(infos, undefined, 2) : text)
  if (action === 'list' || action === 'rescan') {
    const list = await backend.call(`plugin.${action}`, {})
    return tell(list, list.length === 0 ? 'There are no plugins.' : list.map(lineOf).join('\n'))
  }
  if (action === 'add') {
    const info = await backend.call('plugin.add', { source: resolve(context.cwd, name) })
    return tell([info], afterAdd(info, backend.kind))
  }
  if (action === 'remove') {
    await backend.call('plugin.remove', { name })
    return print(context, `${name} was removed. What it stored stays in the database.`)
  }
  if (action === 'reload') return tell([await backend.call('plugin.reload', { name })], `${name} was reloaded.`)
  if (action === 'grant') {
    const info = await backend.call('plugin.grant', { name, permissions })
    return tell([info], `${lineOf(info)}${permissionLines(info)}`)
  }
  const info = await backend.call('plugin.enable', { name, enabled: action === 'enable' })
  return tell([info], lineOf(info))
}

function lineOf({ name, version, state, lastError, enabled }: PluginInfo): string {
  const shown = enabled ? state : 'disabled'
  const why = enabled && lastError ? `  ${state === 'active' ? 'last error: ' : ''}${lastError}` : ''
  return `${name.padEnd(24)} ${version.padEnd(10)} ${shown}${why}`
}

function permissionLines({ permissions }: PluginInfo): string {
  return permissions
    .map(({ name, reason, granted }) => `\n  ${granted ? '+' : '-'} ${name}${reason ? `: ${reason}` : ''}`)
    .join('')
}

function afterAdd(info: PluginInfo, kind: Backend['kind']): string {
  const { name, version, state } = info
  if (state === 'needs-grant')
    return `${name} ${version} is installed. It wants:${permissionLines(info)}\nTo let it: tonearm plugin grant ${name}`
  if (state === 'active') return `${name} ${version} is installed and runs.`
  if (kind === 'local' && state === 'ready') return `${name} ${version} is installed and starts with the server.`
  return `${name} ${version} is installed, and does not run (${state}): ${info.lastError}`
}
