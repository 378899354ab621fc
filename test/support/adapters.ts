import { existsSync } from 'node:fs'
import { type TestContext, test } from 'node:test'

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
  const file = `uws_${platform}_${arch}_${versions.modules}.node`
  return existsSync(new URL(`../../node_modules/uWebSockets.js/dist/bin/${file}`, import.meta.url))
}
