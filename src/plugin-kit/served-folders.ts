import { readdir, stat } from 'node:fs/promises'
import { join, normalize, resolve } from 'node:path'
import { AppError } from '../base/errors.ts'
import { isInside } from '../plugin/facades/folder-facade.ts'
import type { PluginBundle } from '../plugin/loading/bundle-plugin.ts'

/** A text, or the name of a constant. */
const FOLDER = String.raw`("(?:[^"\\\n]|\\.)*"|\`[^\`$\\]*\`|[A-Za-z_$][\w$]*)`
/** Whatever the path of the address is: what comes last, before options, is the folder. */
const CALL = new RegExp(String.raw`\bserve\(\s*[^;]*?,\s*${FOLDER}\s*(?:,\s*(?:\{[^{}]*\}|[\w$]+)\s*)?,?\s*\)`, 'g')

/**
 * The folders that a plugin serves with `assets.serve`, relative to its own, as far as they stand in its code as texts or
 * as constants of texts. The package itself (`.`) is not among them. Rejects with BAD_REQUEST for one that is not there, or
 * holds no file: npm would leave it out.
 */
export async function servedFolders(folder: string, { code }: PluginBundle): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const [call, word = ''] of code.matchAll(CALL)) {
    const text = textOf(word, code)
    if (text === undefined) continue
    const name = normalize(text).replace(/\/+$/, '')
    // `dist` is where copies go.
    if (name === '.' || name === 'dist' || !isInside(folder, resolve(folder, name))) continue
    const files = await filesIn(join(folder, name))
    if (files > 0) found.add(name)
    else if (isOfAssets(code, call)) throw new AppError('BAD_REQUEST', missing(name, files))
  }
  return [...found]
}

function textOf(word: string, code: string): string | undefined {
  if (word.startsWith('`')) return word.slice(1, -1)
  if (word.startsWith('"')) return JSON.parse(word) as string
  const constant = new RegExp(String.raw`\b(?:const|let|var) ${word.replaceAll('$', '\\$')} = ("(?:[^"\\\n]|\\.)*")`)
  const value = constant.exec(code)?.[1]
  return value === undefined ? undefined : (JSON.parse(value) as string)
}

/** Of other things that serve, nothing is known. */
function isOfAssets(code: string, call: string): boolean {
  return /\bassets\d*\s*\??\.\s*$/.test(code.slice(0, code.indexOf(call)))
}

function missing(name: string, files: number): string {
  return files < 0
    ? `the plugin serves the folder ${name}, which is not in its package: make it beside package.json, or correct the name in assets.serve`
    : `the plugin serves the folder ${name}, which is empty, and npm leaves empty folders out: put a file into it`
}

/** -1: it is no folder. */
async function filesIn(path: string): Promise<number> {
  const info = await stat(path).catch(() => undefined)
  if (!info?.isDirectory()) return -1
  const names = await readdir(path, { recursive: true })
  const kinds = await Promise.all(names.map((name) => stat(join(path, name)).catch(() => undefined)))
  return kinds.filter((kind) => kind?.isFile()).length
}
