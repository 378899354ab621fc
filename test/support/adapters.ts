import { existsSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { uwsPackage } from '../../src/http/uws-addon.ts'

export type AdapterName = 'uws' | 'node'

/** Once for each way to serve: what a client meets is the same. */
export function onBothAdapters(name: string, run: (t: TestContext, adapter: AdapterName) => Promise<void>): void {
  for (const adapter of ['uws', 'node'] as const) {
    const skip = adapter === 'uws' && !hasAddon() && 'uWebSockets.js has no build for this version of Node'
    test(`${adapter}: ${name}`, { timeout: 60_000, skip }, (t) => run(t, adapter))
  }
}

/** Looks only: one test needs a process in which the addon was never loaded. */
export function hasAddon(): boolean {
  const { platform, arch, versions } = process
  const name = uwsPackage()
  const folder = name === 'uWebSockets.js' ? `${name}/dist/bin` : name
  const file = `${folder}/uws_${platform}_${arch}_${versions.modules}.node`
  if (!existsSync(new URL(`../../node_modules/${file}`, import.meta.url))) return false
  return name === 'uWebSockets.js' || platform !== 'linux' || glibc() >= GLIBC_OF_NEWER
}

/** What the builds for Node 24 need. */
const GLIBC_OF_NEWER = 238

/** 236 for 2.36; 0 where it is another C library. */
function glibc(): number {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  const [major = 0, minor = 0] = (header?.glibcVersionRuntime ?? '').split('.').map(Number)
  return major * 100 + minor
}
