import { readFileSync } from 'node:fs'

/** Set by src/build.mjs; absent when TypeScript runs directly. */
declare const TONEARM_VERSION: string | undefined

export function programVersion(): string {
  if (typeof TONEARM_VERSION === 'string') return TONEARM_VERSION
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
