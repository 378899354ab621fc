import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { newPlugin } from '../../src/plugin-kit/new-plugin.ts'

const ROOT = join(import.meta.dirname, '..', '..')

export interface KitProject {
  readonly folder: string
  /** Replaces text in a file, which must be there. */
  edit(file: string, from: string | RegExp, to: string): void
  /** Makes its folder, too. */
  write(file: string, text: string): void
  /** Changes package.json. */
  editPackage(change: (json: Record<string, unknown>) => void): void
}

/** A new plugin in an empty folder outside of the repository, with what `npm install` would bring. */
export async function kitProject(t: TestContext, name = 'sample'): Promise<KitProject> {
  const folder = join(mkdtempSync(join(tmpdir(), 'tonearm-author-')), name)
  t.after(() => rmSync(join(folder, '..'), { recursive: true, force: true }))
  await newPlugin({ name, folder })
  mkdirSync(join(folder, 'node_modules'))
  for (const one of ['tsx', 'typescript', '@types', 'esbuild', '@esbuild', '@typescript', 'undici-types'])
    symlinkSync(join(ROOT, 'node_modules', one), join(folder, 'node_modules', one))
  symlinkSync(ROOT, join(folder, 'node_modules', 'tonearm'))
  return {
    folder,
    edit(file, from, to) {
      const path = join(folder, file)
      const text = readFileSync(path, 'utf8')
      const next = text.replace(from, to)
      if (next === text) throw new Error(`${file} does not contain ${from}`)
      writeFileSync(path, next)
    },
    write(file, text) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      writeFileSync(join(folder, file), text)
    },
    editPackage(change) {
      const path = join(folder, 'package.json')
      const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
      change(json)
      writeFileSync(path, JSON.stringify(json))
    },
  }
}
