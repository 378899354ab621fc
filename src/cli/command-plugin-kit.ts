import { relative, resolve } from 'node:path'
import type { Finding } from '../plugin-kit/finding.ts'
import { type Invocation, usage } from './arguments.ts'
import { type CliContext, print } from './context.ts'
import { findingsText } from './doctor.ts'
import { EXIT } from './exit-codes.ts'

/** The commands for plugin authors: they need no data folder and no server. */
const WORDS: Readonly<Record<string, { readonly least: number; readonly most: number }>> = {
  new: { least: 1, most: 1 },
  build: { least: 0, most: 1 },
  check: { least: 0, most: 1 },
}

export function isKitCommand(words: readonly string[]): boolean {
  return words[0] !== undefined && Object.hasOwn(WORDS, words[0])
}

/** `tonearm plugin new|build|check`. The code behind them is loaded here: a server never needs it. */
export async function pluginKitCommand(context: CliContext, { words, options }: Invocation): Promise<number> {
  const [action = '', word, ...more] = words
  const bounds = WORDS[action]
  if (!bounds || more.length > 0) throw usage(`"${more[0] ?? action}" is too much for plugin ${action}.`)
  if (bounds.least > 0 && word === undefined) throw usage(`plugin ${action} wants a name.`)
  if (action === 'new') return makePlugin(context, word ?? '', options.dir)
  const folder = resolve(context.cwd, options.dir ?? word ?? '.')
  if (action === 'build') return buildFolder(context, folder)
  const findings = await findingsOf(folder)
  print(context, options.json ? JSON.stringify(findings, undefined, 2) : findingsText(findings))
  return findings.some(({ level }) => level === 'fail') ? EXIT.failure : EXIT.ok
}

async function makePlugin(context: CliContext, name: string, dir: string | undefined): Promise<number> {
  const { newPlugin } = await import('../plugin-kit/new-plugin.ts')
  const made = await newPlugin({ name, folder: resolve(context.cwd, dir ?? name) })
  const place = relative(context.cwd, made.folder) || '.'
  print(context, made.files.map((file) => `${place}/${file}`).join('\n'))
  print(context, `\nNext: cd ${place} && npm install && npm test\nThen: npm run check, and npm run build`)
  return EXIT.ok
}

async function buildFolder(context: CliContext, folder: string): Promise<number> {
  const { buildPlugin } = await import('../plugin-kit/build-plugin.ts')
  const { manifest, bundle, files } = await buildPlugin(folder)
  const size = (Buffer.byteLength(bundle.code) / 1000).toFixed(1)
  print(context, `${manifest.name} ${manifest.version}, ${size} kB: ${files.join(', ')}`)
  return EXIT.ok
}

async function findingsOf(folder: string): Promise<readonly Finding[]> {
  const { checkPlugin } = await import('../plugin-kit/check-plugin.ts')
  return checkPlugin(folder, async () => {
    const { createTestHost } = await import('../plugin-kit/testing/create-test-host.ts')
    return createTestHost()
  })
}
