import { definePlugin, type PluginRequest, rowIdOf, Type, webPage } from 'tonearm/plugin'
import { Clients } from './clients.ts'
import { Collection } from './collection.ts'
import { CONFIG, PERMISSIONS } from './context.ts'
import { metrics } from './metrics.ts'
import { answering } from './refusal.ts'
import { json, report } from './report.ts'
import { MIGRATIONS, RollUp } from './roll-up.ts'
import { serverZone, type Zone, zoneOf } from './zones.ts'

const HOUR_MS = 3_600_000
const SOON_MS = 5_000
/** Plays that one look in the background takes: a first start with years of history is done in a few. */
const BACKGROUND_STEPS = 200
const HISTORY = 1_000
const PAGE = {
  title: 'Insights',
  folder: 'plugins/insights/assets',
  styles: ['vendor/uplot.css', 'insights.css'],
  scripts: ['vendor/uplot.js'],
  modules: ['insights.js'],
}

export default definePlugin({
  name: 'insights',
  apiVersion: '1.3',
  description: 'What the library holds, what is listened to, and how the server does: a page, an API, and Prometheus.',
  permissions: PERMISSIONS,
  reasons: {
    'playback:read': 'counts plays',
    'library:read': 'counts the library and names songs, albums and artists',
    'users:read': 'shows whose figures they are',
    'server:read': 'shows memory, scans and conversions',
    request: 'counts requests by client and status',
    db: 'keeps roll-ups of plays and the daily figures',
    settings: 'remembers when it ran last',
    scheduler: 'counts once an hour and collects once a day',
    assets: 'serves the page',
    routes: 'answers /api/insights',
    'routes:public': 'serves the page before the login, and /metrics with its own password',
    'routes:root': 'these paths are where clients look for them',
  },
  config: Type.Object(CONFIG),
  migrations: MIGRATIONS,

  setup(ctx) {
    const { config, hooks, routes, scheduler } = ctx
    let zone: Zone | undefined
    const ownZone = (): Zone => {
      zone ??= zoneOf(config.timeZone || serverZone())
      if (!zone) throw new Error(`the setting timeZone is no time zone: ${config.timeZone}; an example: Europe/Berlin`)
      return zone
    }
    // Node's data of time zones is 5 MiB: what nobody set needs no check, and is read when somebody asks for a report.
    if (config.timeZone) ownZone()
    const rollUp = new RollUp(ctx)
    const clients = new Clients()
    const collection = new Collection(ctx, rollUp)
    const parts = {
      ctx,
      rollUp,
      clients,
      get zone() {
        return ownZone()
      },
    }

    hooks.on('request.finished', (request) => clients.count(request, ctx.now()))
    hooks.on('user.deleted', async ({ userId }) => {
      const id = rowIdOf('user', userId)
      if (id !== undefined) await rollUp.forget(id)
    })

    const look = async (signal: AbortSignal) => {
      await rollUp.catchUp(BACKGROUND_STEPS, signal)
      if (config.collect && (await collection.isDue())) await collection.run()
      await collection.deliver()
    }
    scheduler.after(SOON_MS, ({ signal }) => look(signal))
    scheduler.every(HOUR_MS, ({ signal }) => look(signal), { jitterMs: 60_000 })

    const root = { root: true } as const
    const admin = { root: true, auth: 'admin' } as const
    routes.get(
      '/api/insights',
      async () => {
        const { lastRun, success } = await collection.status()
        if (!config.collect) return json({ id: 'insights_status', lastRun: 'disabled', success: false })
        return json({ id: 'insights_status', lastRun: statusTime(lastRun), success })
      },
      root,
    )
    routes.get('/api/insights/report', (request: PluginRequest) => report(parts, request), root)
    routes.get(
      '/api/insights/users',
      async () => json((await ctx.users.list()).map(({ id, name }) => ({ id, name }))),
      admin,
    )
    routes.get('/api/insights/history', async () => json(await collection.history(HISTORY)), admin)
    routes.get('/api/insights/preview', async () => json(await collection.preview()), admin)
    routes.post(
      '/api/insights/collect',
      () =>
        answering(async () => {
          if (!config.collect) return json({ error: 'Collection is switched off in the settings of insights' }, 409)
          await collection.run()
          const { lastRun, success } = await collection.status()
          return json({ id: 'insights_status', lastRun: statusTime(lastRun), success })
        }),
      { ...admin, timeoutMs: 300_000 },
    )
    if (config.metricsPassword)
      routes.get('/metrics', (request) => metrics(ctx, clients, request), { root: true, auth: 'public' })
    routes.get('/insights', (request) => webPage(request, PAGE), { root: true, auth: 'public' })
    ctx.assets.serve('/assets', 'assets')
  },
})

/** As the endpoint has always written it, UTC. */
function statusTime(at: number | undefined): string {
  return at === undefined ? '' : new Date(at).toISOString().slice(0, 19).replace('T', ' ')
}
