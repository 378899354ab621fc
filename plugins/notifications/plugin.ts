import { randomUUID } from 'node:crypto'
import { definePlugin, rowIdOf, Type, webPage } from 'tonearm/plugin'
import { CauseStore } from './causes.ts'
import { channelKinds } from './channels/all-channels.ts'
import { Channels } from './channels.ts'
import { CONFIG, PERMISSIONS, REASONS } from './context.ts'
import { DeliveryStore } from './delivery-store.ts'
import { Dispatcher } from './dispatcher.ts'
import { addEventStream } from './event-stream.ts'
import { Hub } from './hub.ts'
import { addLiveEvents } from './live-events.ts'
import { MIGRATIONS } from './migrations.ts'
import { addNoteRoutes } from './note-routes.ts'
import { NoteStore } from './note-store.ts'
import { addPreferenceRoutes } from './preference-routes.ts'
import { PreferenceStore } from './preferences.ts'
import { addSources } from './sources.ts'
import { addTargetRoutes } from './target-routes.ts'
import { TargetStore } from './target-store.ts'
import { Teller } from './teller.ts'
import { vapidKeys } from './vapid.ts'

const PAGE = {
  title: 'Notifications',
  folder: 'plugins/notifications/assets',
  styles: ['notifications.css'],
  modules: ['notifications.js'],
}
const DAY_MS = 86_400_000
const SOON_MS = 1_000
/** By then no life of the plugin before this one sends any more. */
const ALONE_MS = 60_000
const SWEEP = '17 4 * * *'
/** What was told so long ago does not come again. */
const SEEN_MS = 30 * DAY_MS

export default definePlugin({
  name: 'notifications',
  apiVersion: '1.5',
  description: 'Tells people what concerns them: in the app, by webhook, ntfy, Gotify, e-mail and Web Push',
  permissions: PERMISSIONS,
  reasons: REASONS,
  config: Type.Object(CONFIG),
  migrations: MIGRATIONS,
  // A message that is being sent is waited for, so that it is not sent twice.
  drainMs: 25_000,

  async setup(ctx) {
    const { db, hooks, routes, scheduler, settings, config } = ctx
    const notes = new NoteStore(db)
    const preferences = new PreferenceStore(db)
    const targets = new TargetStore(db)
    const deliveries = new DeliveryStore(db)
    const causes = new CauseStore(db)
    const channels = new Channels(channelKinds((to) => ctx.connect(to)))
    const vapid = await vapidKeys(settings)
    const life = randomUUID()
    const { startedAt } = await ctx.admin.server()
    const dispatcher = new Dispatcher({
      ctx,
      channels,
      notes,
      preferences,
      targets,
      deliveries,
      vapid,
      owner: `${startedAt} ${life}`,
    })
    const hub = new Hub({ ctx, notes, preferences })
    const teller = new Teller({
      ctx,
      causes,
      notes,
      preferences,
      targets,
      deliveries,
      onNotes: (userIds) => hub.notes(userIds),
      onQueued: () => dispatcher.wake(),
    })

    addSources(ctx, (cause, more) => teller.take(cause, more))
    hooks.on('user.deleted', ({ userId }) => preferences.forget(rowIdOf('user', userId) ?? 0))

    const live = addLiveEvents(ctx, hub)
    addEventStream(routes, { ctx, hub, live })
    addNoteRoutes(routes, {
      ctx,
      notes,
      preferences,
      onRead: (userId) => hub.tell('refreshResource', { notification: ['*'] }, userId),
    })
    addPreferenceRoutes(routes, preferences)
    addTargetRoutes(routes, {
      ctx,
      channels,
      targets,
      deliveries,
      preferences,
      dispatcher,
      vapid,
      sendTestNote: async (userId) => {
        const row = rowIdOf('user', userId)
        if (row === undefined) return
        const at = ctx.now()
        await db.batch(
          notes.put({
            userId: row,
            topic: 'test',
            level: 'info',
            groupKey: 'test',
            listed: true,
            data: {},
            createdAt: at,
            updatedAt: at,
          }),
        )
        hub.notes([row])
      },
    })
    routes.get('/notifications', (request) => webPage(request, PAGE), { root: true, auth: 'public' })
    ctx.assets.serve('/assets', 'assets')

    scheduler.after(SOON_MS, async () => {
      await dispatcher.recover(false)
      await teller.run()
    })
    scheduler.after(ALONE_MS, async () => {
      await dispatcher.recover(true)
      await teller.run()
    })
    scheduler.cron(SWEEP, async () => {
      const now = ctx.now()
      await notes.sweep({ before: now - config.keepDays * DAY_MS, perUser: config.keepPerUser })
      await deliveries.sweep(now - config.keepDays * DAY_MS)
      await causes.sweep(now - SEEN_MS)
    })
  },
})
