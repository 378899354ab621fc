import { publicIdOf, type Routes, readListQuery, type User } from 'tonearm/plugin'
import type { ChannelKind, Delivery, VapidKeys } from './channel.ts'
import type { Channels } from './channels.ts'
import type { Context } from './context.ts'
import type { DeliveryStore } from './delivery-store.ts'
import { type Dispatcher, urlOf } from './dispatcher.ts'
import { iso } from './note-routes.ts'
import { bodyOf } from './preference-routes.ts'
import { objectOf, type PreferenceStore } from './preferences.ts'
import { forUser, idOf, json, Refusal } from './refusal.ts'
import { targetOf, withoutSecrets } from './target-schema.ts'
import type { StoredTarget, TargetStore } from './target-store.ts'
import { languageOf } from './texts/texts.ts'

export interface TargetRouteParts {
  readonly ctx: Context
  readonly channels: Channels
  readonly targets: TargetStore
  readonly deliveries: DeliveryStore
  readonly preferences: PreferenceStore
  readonly dispatcher: Dispatcher
  readonly vapid: VapidKeys
  /** Puts a note that says that all works into the user's list. */
  sendTestNote(userId: string): Promise<void>
}

type Reader = User & { readonly row: number }

const ROOT = { root: true } as const
const ADMIN = { root: true, auth: 'admin' } as const
const BASE = '/api/notifications'
const MAX_TARGETS = 20
const LONGEST_NAME = 100
/** Tests of one user within a minute. */
const TESTS = 10

/** Where notes go, the button that tries it, and what could not be delivered. */
export function addTargetRoutes(routes: Routes, parts: TargetRouteParts): void {
  const { ctx, channels, targets, deliveries, preferences, dispatcher, vapid } = parts
  const tests = new Map<string, { count: number; until: number }>()

  const shownTarget = async (stored: StoredTarget) => {
    const { id, channel, name, target, enabled, sent, sentAt, problem, createdAt } = stored
    const kind = channels.get(channel)
    return {
      id: String(id),
      channel,
      name,
      label: kind?.label(target) ?? '',
      target: kind ? withoutSecrets(kind.target, target) : {},
      enabled,
      sent,
      sentAt: sentAt === null ? null : iso(sentAt),
      waiting: await deliveries.waiting(id),
      problem: problem || (kind?.problem(target, ctx.config) ?? ''),
      createdAt: iso(createdAt),
    }
  }
  const isOpen = (channel: string, user: User) => user.isAdmin || ctx.config.userChannels.includes(channel)

  routes.get(
    `${BASE}/channels`,
    forUser(async (_, user) =>
      json({
        channels: channels
          .all()
          .filter(({ kind }) => isOpen(kind, user))
          .map(({ kind, target }) => ({ channel: kind, target })),
        vapidPublicKey: vapid.publicKey,
      }),
    ),
    ROOT,
  )
  routes.get(
    `${BASE}/targets`,
    forUser(async (_, user) => json(await Promise.all((await targets.list(user.row)).map(shownTarget)))),
    ROOT,
  )
  routes.post(
    `${BASE}/targets`,
    forUser(async (request, user) => {
      const { channel, name = '', target } = objectOf(await bodyOf(request), 'the body')
      const kind = kindOf(channel, user)
      const checked = targetOf(kind.target, target)
      refuseProblem(kind, checked)
      const there = await targets.list(user.row)
      if (there.length >= MAX_TARGETS) throw new Refusal(409, `There are ${MAX_TARGETS} targets already: delete one.`)
      const { id } = await targets.add(
        { userId: user.row, channel: kind.kind, name: nameOf(name), target: checked },
        ctx.now(),
      )
      return json(await shownTarget(await existing(user, id)))
    }),
    ROOT,
  )
  routes.put(
    `${BASE}/targets/:id`,
    forUser(async (request, user) => {
      const before = await existing(user, idOf(request))
      const body = objectOf(await bodyOf(request), 'the body')
      const kind = kindOf(before.channel, user)
      const { name = before.name, enabled = before.enabled } = body
      if (typeof enabled !== 'boolean') throw new Refusal(400, 'enabled must be true or false.')
      const target = body.target === undefined ? before.target : targetOf(kind.target, body.target, before.target)
      if (body.target !== undefined) refuseProblem(kind, target)
      await targets.update({ ...before, name: nameOf(name), enabled, target })
      return json(await shownTarget(await existing(user, before.id)))
    }),
    ROOT,
  )
  routes.delete(
    `${BASE}/targets/:id`,
    forUser(async (request, user) => {
      if (!(await targets.remove(user.row, idOf(request)))) throw new Refusal(404, 'There is no such target.')
      return json({})
    }),
    ROOT,
  )
  routes.post(
    `${BASE}/test`,
    forUser(async (request, user) => {
      const text = await request.text()
      const { target } = text === '' ? { target: undefined } : objectOf(parsed(text), 'the body')
      if (target !== undefined && !/^\d{1,15}$/.test(String(target)))
        throw new Refusal(400, 'target must be the id of a target.')
      const chosen =
        target === undefined
          ? (await targets.list(user.row)).filter(({ enabled }) => enabled)
          : [await existing(user, Number(target))]
      assertFewTests(user)
      if (target === undefined) await parts.sendTestNote(user.id)
      const language = languageOf((await preferences.of(user.row)).language)
      const url = urlOf(ctx)
      const results = await Promise.all(
        chosen.map(async (one) => {
          const delivery: Delivery = {
            id: `test-${one.id}-${ctx.now()}`,
            topic: 'test',
            ...language.test,
            level: 'info',
            at: ctx.now(),
            ...(url === undefined ? {} : { url }),
          }
          const failure = await dispatcher.send(one, delivery)
          return {
            id: String(one.id),
            channel: one.channel,
            name: one.name,
            ok: !failure,
            problem: failure?.message ?? '',
          }
        }),
      )
      return json({ results })
    }),
    { root: true, timeoutMs: 60_000 },
  )

  routes.get(
    `${BASE}/dead`,
    forUser(async ({ query }) => {
      const { offset, limit } = readListQuery(query)
      const { items, total } = await deliveries.dead({ offset, limit: Math.min(limit, 500) })
      const rows = await Promise.all(
        items.map(async ({ id, userId, channel, targetName, topic, attempts, error, createdAt }) => ({
          id: String(id),
          userId: publicIdOf('user', userId),
          userName: (await ctx.users.get(publicIdOf('user', userId)))?.name ?? '',
          channel,
          target: targetName,
          topic,
          attempts,
          error,
          createdAt: iso(createdAt),
        })),
      )
      return json(rows, { 'x-total-count': String(total) })
    }),
    ADMIN,
  )
  const deadOnes = (work: (id?: number) => Promise<number>, answer: string) =>
    forUser(async (request) => {
      const isOne = request.params.id !== undefined
      const count = await work(isOne ? idOf(request) : undefined)
      if (isOne && count === 0) throw new Refusal(404, 'There is no such dead letter.')
      return json({ [answer]: count })
    })
  const retry = deadOnes(async (id) => {
    const count = await deliveries.retry(ctx.now(), id)
    if (count > 0) dispatcher.wake()
    return count
  }, 'retried')
  const forget = deadOnes((id) => deliveries.forget(id), 'deleted')
  routes.post(`${BASE}/dead/retry`, retry, ADMIN)
  routes.post(`${BASE}/dead/:id/retry`, retry, ADMIN)
  routes.delete(`${BASE}/dead`, forget, ADMIN)
  routes.delete(`${BASE}/dead/:id`, forget, ADMIN)

  function kindOf(channel: unknown, user: User): ChannelKind<unknown> {
    const kind = channels.get(String(channel))
    if (!kind)
      throw new Refusal(
        400,
        `channel must be one of ${channels
          .all()
          .map((one) => one.kind)
          .join(', ')}.`,
      )
    if (!isOpen(kind.kind, user)) throw new Refusal(403, 'This channel is for administrators here.')
    return kind
  }

  function refuseProblem(kind: ChannelKind<unknown>, target: unknown): void {
    const problem = kind.problem(target, ctx.config)
    if (problem !== undefined) throw new Refusal(400, problem)
  }

  async function existing(user: Reader, id: number): Promise<StoredTarget> {
    const target = await targets.find(user.row, id)
    if (!target) throw new Refusal(404, 'There is no such target.')
    return target
  }

  function assertFewTests({ id }: User): void {
    const now = ctx.now()
    for (const [key, { until }] of tests) if (until <= now) tests.delete(key)
    const counted = tests.get(id) ?? { count: 0, until: now + 60_000 }
    if (++counted.count > TESTS) throw new Refusal(409, 'Enough tests for a minute; try again then.')
    tests.set(id, counted)
  }
}

function nameOf(name: unknown): string {
  if (typeof name === 'string' && name.length <= LONGEST_NAME && !/\p{Cc}/u.test(name)) return name.trim()
  throw new Refusal(400, `name must be a line of at most ${LONGEST_NAME} characters.`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Refusal(422, 'The body must be JSON.')
  }
}
