/** Compiled by `tsc -p .`, never run: what must not type-check in a plugin stands beside what must. */

import type { AccessScope, Handler, PluginContext, PluginDefinition, Reply, User } from 'tonearm/plugin'
import { API_VERSION, definePlugin, publicIdOf, rowIdOf, Type } from 'tonearm/plugin'
import { createTestHost, type TestHost } from 'tonearm/plugin/testing'

declare module 'tonearm/plugin' {
  interface PluginEvents {
    'types.happened': { readonly at: number }
  }
}

// ---- what a plugin may listen to -------------------------------------------------------------------------------------

definePlugin({
  name: 'types',
  apiVersion: '1.0',
  permissions: ['access:scope', 'access:stream', 'playback:read', 'scan:tags', 'request'],
  setup({ hooks }) {
    hooks.on('server.ready', ({ url }) => void url.length)
    hooks.on('stream.authorize', ({ purpose }) =>
      purpose === 'download' ? { allow: false, reason: 'no', status: 403 } : { allow: true },
    )
    hooks.on('access.scope', async () => ({ libraries: [1], deny: { genres: ['Noise'], ids: ['a1'] } }))
    hooks.on('access.grants', () => ['s1'])
    hooks.on('scan.tags', (files) => files.map(({ path, tags }) => ({ path, tags: { ...tags, mood: ['calm'] } })))
    hooks.on('response.headers', (headers) => ({ ...headers, 'x-a': 'b' }), { order: 'post', timeoutMs: 100 })
    hooks.on('media.lyrics', () => undefined)
    hooks.on('playback.finished', ({ playedMs, scrobbled }) => void [playedMs + 1, scrobbled === true])

    // @ts-expect-error there is no such hook
    hooks.on('playback.ended', () => {})
    // @ts-expect-error a payload has no such field
    hooks.on('server.ready', ({ port }) => void port)
    // @ts-expect-error what is heard is told in milliseconds, not as text
    hooks.on('playback.finished', ({ playedMs }) => void playedMs.trim())
    // @ts-expect-error a guard answers a verdict
    hooks.on('stream.authorize', () => true)
    // @ts-expect-error a denial has a reason
    hooks.on('stream.authorize', () => ({ allow: false }))
    // @ts-expect-error an observer is not asked
    hooks.on('server.ready', () => ({ allow: true }))
    // @ts-expect-error a scope says which libraries
    hooks.on('access.scope', () => ({ deny: { genres: ['Noise'] } }))
    // @ts-expect-error scopes name public ids, not rows
    hooks.on('access.scope', () => ({ libraries: 'all', deny: { songs: [1] } }))
    // @ts-expect-error grants are a list
    hooks.on('access.grants', () => 's1')
    // @ts-expect-error a transform answers what it was given
    hooks.on('scan.tags', () => ({ path: 'x' }))
    // @ts-expect-error no numeric priorities
    hooks.on('server.ready', () => {}, { order: 5 })
    // @ts-expect-error hooks belong to the core: plugins have events
    hooks.observe('server.ready', { url: '' })
  },
})

// ---- permissions: without one the member and the hook are not there ---------------------------------------------------

definePlugin({
  name: 'types',
  apiVersion: '1.0',
  setup(ctx) {
    ctx.hooks.on('media.artwork', async () => undefined)
    ctx.log.info(ctx.name, { at: ctx.now() })
    ctx.effect(() => () => {})
    // @ts-expect-error needs 'db'
    ctx.db
    // @ts-expect-error needs 'storage'
    ctx.storage
    // @ts-expect-error needs 'settings'
    ctx.settings
    // @ts-expect-error needs 'scheduler'
    ctx.scheduler
    // @ts-expect-error needs 'notify'
    ctx.notify
    // @ts-expect-error needs 'assets'
    ctx.assets
    // @ts-expect-error needs 'routes'
    ctx.routes
    // @ts-expect-error needs 'subsonic'
    ctx.subsonic
    // @ts-expect-error needs 'library:read'
    ctx.library
    // @ts-expect-error needs 'users:read'
    ctx.users
    // @ts-expect-error needs 'playback:read'
    ctx.playback
    // @ts-expect-error needs a 'net:<host>'
    ctx.fetch
    // @ts-expect-error needs 'access:stream'
    ctx.hooks.on('stream.authorize', () => ({ allow: true }))
    // @ts-expect-error needs 'access:scope'
    ctx.hooks.on('access.scope', () => ({ libraries: 'all' }))
    // @ts-expect-error needs 'playback:read'
    ctx.hooks.on('playback.started', () => {})
    // @ts-expect-error needs 'users:read'
    ctx.hooks.on('user.login', () => {})
    // @ts-expect-error needs 'request'
    ctx.hooks.on('request.accept', () => ({ allow: true }))
    // @ts-expect-error the context is not the plugin's to change
    ctx.config = {}
  },
})

definePlugin({
  name: 'types',
  apiVersion: '1.0',
  permissions: ['net:api.example.org', 'node:fs', 'routes:public', 'db'],
  reasons: { db: 'to remember', 'net:api.example.org': 'to ask' },
  setup(ctx) {
    const answer: Promise<Response> = ctx.fetch('https://api.example.org')
    ctx.routes.get('/', () => ({ kind: 'empty' }), { auth: 'public' })
    void ctx.db.all<{ n: number }>('SELECT count(*) AS n FROM types_a').then((rows) => rows[0]?.n)
    // @ts-expect-error a row may be missing
    void ctx.db.all<{ n: number }>('SELECT count(*) AS n FROM types_a').then((rows) => rows[0].n)
    // @ts-expect-error no dates in SQL
    void ctx.db.run('SELECT ?', [new Date()])
    // @ts-expect-error needs 'users:read'
    ctx.users
    return void answer
  },
})

// @ts-expect-error a reason for something that is not asked for
definePlugin({ name: 'types', apiVersion: '1.0', permissions: ['db'], reasons: { storage: 'x' }, setup() {} })
// @ts-expect-error there is no such permission
definePlugin({ name: 'types', apiVersion: '1.0', permissions: ['everything'], setup() {} })
// @ts-expect-error two numbers
definePlugin({ name: 'types', apiVersion: 'one', setup() {} })
// @ts-expect-error set-up is needed
definePlugin({ name: 'types', apiVersion: '1.0' })

// ---- configuration: inferred from its schema ------------------------------------------------------------------------

export const configured = definePlugin({
  name: 'types',
  apiVersion: API_VERSION,
  config: Type.Object({
    greeting: Type.String({ default: 'hi' }),
    size: Type.Integer({ default: 3 }),
    mode: Type.Union([Type.Literal('a'), Type.Literal('b')], { default: 'a' }),
    key: Type.Optional(Type.String({ secret: true })),
  }),
  setup({ config }) {
    const text: string = config.greeting
    const mode: 'a' | 'b' = config.mode
    const key: string | undefined = config.key
    void [text, mode, key]
    // @ts-expect-error a number
    config.size.trim()
    // @ts-expect-error not in the schema
    config.volume
  },
})

// @ts-expect-error a schema is a TypeBox object
definePlugin({ name: 'types', apiVersion: '1.0', config: { greeting: 'hi' }, setup() {} })

// ---- events ------------------------------------------------------------------------------------------------------------

export function events(ctx: PluginContext): void {
  ctx.events.emit('types.happened', { at: 1 })
  ctx.events.on('types.happened', ({ at }) => void (at + 1))
  // @ts-expect-error the payload of this event
  ctx.events.emit('types.happened', { at: 'now' })
  // @ts-expect-error nobody declared it
  ctx.events.emit('types.vanished', {})
}

// ---- replies, ids, handlers ---------------------------------------------------------------------------------------------

export const replies: readonly Reply[] = [
  { kind: 'json', body: { any: ['thing'] } },
  { kind: 'media', mediaId: 's1', actAs: 'u1', as: 'cover', size: 300 },
  { kind: 'redirect', to: '/elsewhere', status: 303 },
  // @ts-expect-error whose music is it
  { kind: 'media', mediaId: 's1' },
  // @ts-expect-error no such kind
  { kind: 'xml', body: '' },
]

export const handler: Handler<'access.scope'> = () => ({ libraries: 'all' }) satisfies AccessScope
export const row: number | undefined = rowIdOf('user', 'u1')
export const id: string = publicIdOf('song', 1)
// @ts-expect-error an id may be no id of a user
export const sure: number = rowIdOf('user', 'u1')
export const isAdmin = (user: User): boolean => user.isAdmin

// ---- the test kit -----------------------------------------------------------------------------------------------------

export async function kit(): Promise<void> {
  const host: TestHost = await createTestHost({ users: ['alice', { name: 'bob', isAdmin: true }], library: 'acl' })
  await host.load(configured, { greeting: 'hello' })
  await host.load(new URL('./plugin.ts', import.meta.url), { anything: 1 })
  const verdict = await host.fire('stream.authorize', { userId: 'u1', mediaId: 's1', purpose: 'stream', client: 'c' })
  if (!verdict.allow) verdict.reason.trim()
  // @ts-expect-error the configuration of this plugin
  await host.load(configured, { greeting: 1 })
  // @ts-expect-error not in its schema
  await host.load(configured, { volume: 1 })
  // @ts-expect-error the payload of this hook
  await host.fire('stream.authorize', { userId: 'u1' })
  // @ts-expect-error there is no such hook
  await host.fire('stream.stopped', {})
  // @ts-expect-error there is no such library
  await createTestHost({ library: 'huge' })
}

export const anyPlugin: PluginDefinition = { name: 'types', apiVersion: '1.0', setup() {} }
