import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { createTestHost, type Loaded, type TestHost } from 'tonearm/plugin/testing'
import scrobble from '../plugin.ts'
import { type Answer, type Received, type StandIn, startStandIn } from './stand-in.ts'

export const LASTFM_KEY = 'key'
export const LASTFM_SECRET = 'secret'

export interface Stage {
  readonly host: TestHost
  readonly service: StandIn
  readonly loaded: Loaded
}

/** A host with the plugin, which speaks to a stand-in for both services. */
export async function stage(
  t: TestContext,
  how: (request: Received) => Answer,
  config: Readonly<Record<string, unknown>> = {},
): Promise<Stage> {
  const service = await startStandIn(how)
  const host = await createTestHost({ users: ['alice', 'bob'] })
  t.after(async () => {
    await host.dispose()
    await service.close()
  })
  const loaded = await host.load(
    scrobble,
    {
      listenBrainzUrl: service.url,
      lastFmUrl: `${service.url}/2.0/`,
      lastFmKey: LASTFM_KEY,
      lastFmSecret: LASTFM_SECRET,
      ...config,
    },
    // What an administrator does who changes an address.
    { granted: [...(scrobble.permissions ?? []), 'net:127.0.0.1'] },
  )
  return { host, service, loaded }
}

/** A user plays songs to their end, ten minutes apart, the last one just now. */
export async function play(host: TestHost, user: string, ...titles: readonly string[]): Promise<void> {
  const now = host.clock.now()
  for (const [index, title] of titles.entries()) {
    const time = now - (titles.length - 1 - index) * 600_000
    await host.subsonic('scrobble', { id: host.track(title), time, submission: true }, user)
  }
  await host.settled()
}

export interface LinkStatus {
  readonly service: string
  readonly account: string
  readonly working: boolean
  readonly problem: string
  readonly waiting: number
  readonly sent: number
  readonly refused: number
  readonly dropped: number
}

/** Compares only what is expected. */
export function assertHas(found: object | undefined, expected: Readonly<Record<string, unknown>>): void {
  assert.ok(found)
  const same = Object.fromEntries(Object.keys(expected).map((name) => [name, Reflect.get(found, name)]))
  assert.deepEqual(same, expected)
}

export async function status(host: TestHost, user: string): Promise<readonly LinkStatus[]> {
  return (await host.inject({ url: '/plugins/scrobble', user })).json() as readonly LinkStatus[]
}
