import { type Disposable, publicIdOf } from 'tonearm/plugin'
import type { ChannelError, Delivery, VapidKeys } from './channel.ts'
import type { Channels } from './channels.ts'
import type { Context } from './context.ts'
import type { DeliveryStore, QueuedDelivery } from './delivery-store.ts'
import type { NoteStore } from './note-store.ts'
import { afterQuiet, type PreferenceStore } from './preferences.ts'
import { RateLimit } from './rate-limit.ts'
import { type Rendered, render } from './rendering.ts'
import type { StoredTarget, TargetStore } from './target-store.ts'
import { languageOf } from './texts/texts.ts'

export interface DispatcherParts {
  readonly ctx: Context
  readonly channels: Channels
  readonly notes: NoteStore
  readonly preferences: PreferenceStore
  readonly targets: TargetStore
  readonly deliveries: DeliveryStore
  readonly vapid: VapidKeys
  /** Of this life of the server, and of this life of the plugin in it: `<server> <plugin>`. */
  readonly owner: string
}

const FIRST_WAIT_MS = 30_000
const LONGEST_WAIT_MS = 6 * 3_600_000
const LONGEST_ASKED_MS = 24 * 3_600_000
/** With waits that double this is two days. */
const MAX_ATTEMPTS = 14
const ATTEMPT_MS = 20_000
/** Clocks are set and laptops sleep: longer than this nobody waits without a look. */
const LOOK_MS = 3_600_000
/** Messages that each lane sends before the next look: a look must end within the deadline of a task. */
const ROUNDS = 2
const MAX_ERROR = 300

/** Sends what waits when it is due: a few at a time, no channel faster than its limit, each message until it was taken. */
export class Dispatcher {
  readonly #parts: DispatcherParts
  readonly #rate: RateLimit
  #timer: Disposable | undefined
  #dueAt = Number.POSITIVE_INFINITY
  #looking = false
  #again = false

  constructor(parts: DispatcherParts) {
    this.#parts = parts
    this.#rate = new RateLimit(parts.ctx.config.ratePerMinute, () => parts.ctx.now())
  }

  /**
   * What was under way when the server stopped goes back into the queue: rather twice than never. `alone`: no other life of
   * the plugin in this server sends any more; before that, what it has is its own.
   */
  async recover(alone: boolean): Promise<void> {
    const { deliveries, owner, ctx } = this.#parts
    const server = serverOf(owner)
    const isOwned = (other: string) => (alone ? other === owner : serverOf(other) === server)
    for (const one of await deliveries.interrupted(isOwned)) await deliveries.postpone(one, ctx.now())
    this.wake()
  }

  /** Something new may be due, or due earlier. */
  wake(): void {
    if (this.#looking) this.#again = true
    else this.#schedule(0)
  }

  #schedule(ms: number): void {
    const { ctx } = this.#parts
    if (ctx.signal.aborted) return
    const dueAt = ctx.now() + ms
    if (this.#timer && this.#dueAt <= dueAt) return
    this.#timer?.dispose()
    this.#dueAt = dueAt
    this.#timer = ctx.scheduler.after(ms, async () => {
      this.#timer = undefined
      this.#dueAt = Number.POSITIVE_INFINITY
      await this.#look()
    })
  }

  async #look(): Promise<void> {
    if (this.#looking) {
      this.#again = true
      return
    }
    this.#looking = true
    this.#again = false
    let wait: number | undefined
    try {
      wait = await this.#sendSome()
    } catch (error) {
      this.#parts.ctx.log.error('the queue of deliveries can not be worked on', { error: String(error) })
      wait = FIRST_WAIT_MS
    } finally {
      this.#looking = false
    }
    if (this.#again) wait = 0
    if (wait !== undefined) this.#schedule(Math.min(wait, LOOK_MS))
  }

  /** A few of what is due. @returns how long until the next look, ms; undefined when nothing waits. */
  async #sendSome(): Promise<number | undefined> {
    const { ctx, deliveries } = this.#parts
    const { concurrency } = ctx.config
    const work = [...(await deliveries.due(ctx.now(), concurrency * ROUNDS, this.#rate.full()))]
    const lane = async () => {
      for (let next = work.shift(); next && !ctx.signal.aborted; next = work.shift())
        if (this.#rate.take(next.channel) && !(await this.#sendOne(next))) this.#rate.giveBack(next.channel)
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, work.length) }, lane))
    const next = await deliveries.next(this.#rate.full())
    const first = Math.min(next ?? Number.POSITIVE_INFINITY, this.#rate.freeAt() ?? Number.POSITIVE_INFINITY)
    return first === Number.POSITIVE_INFINITY ? undefined : Math.max(first - ctx.now(), 0)
  }

  /** @returns whether an attempt was made. */
  async #sendOne(one: QueuedDelivery): Promise<boolean> {
    const { ctx, deliveries, owner } = this.#parts
    try {
      const ready = await this.#prepare(one)
      if (!ready || !(await deliveries.claim(one.id, owner))) return false
      const failure = await this.send(ready.target, ready.delivery)
      if (!failure) await deliveries.done(one, ctx.now())
      else await this.#failed(one, failure, ready.target)
    } catch (error) {
      ctx.log.error('delivery went wrong', { channel: one.channel, topic: one.topic, error: String(error) })
      await deliveries.postpone(one, ctx.now() + FIRST_WAIT_MS, 'an error of the server; see its log')
    }
    return true
  }

  /** What is to be sent, as its reader may read it now; undefined when nothing is (any more, or yet). */
  async #prepare(
    one: QueuedDelivery,
  ): Promise<{ readonly target: StoredTarget; readonly delivery: Delivery } | undefined> {
    const { ctx, deliveries, notes, preferences, targets } = this.#parts
    const user = await ctx.users.get(publicIdOf('user', one.userId))
    const target = await targets.find(one.userId, one.targetId)
    const isOpen = user && target?.enabled && (user.isAdmin || ctx.config.userChannels.includes(one.channel))
    const found = isOpen ? await notes.findMany(one.userId, await deliveries.notes(one.id)) : []
    const chosen = await preferences.of(one.userId)
    const reader = { userId: one.userId, isAdmin: user?.isAdmin ?? false }
    const language = languageOf(chosen.language)
    // What was read in the meantime needs no message.
    const unread = found.filter(({ readAt }) => readAt === null)
    const shown = (await render(unread, reader, { parts: ctx, language })).filter(({ hidden }) => !hidden)
    if (!user || !target || shown.length === 0) {
      await deliveries.drop(one.id)
      return undefined
    }
    const free = afterQuiet(chosen, one.level, ctx.now())
    if (free > ctx.now()) {
      await deliveries.postpone(one, free)
      return undefined
    }
    return { target, delivery: deliveryOf(one, shown, { url: urlOf(ctx), digest: language.digest(shown.length) }) }
  }

  /** One attempt. @returns what went wrong. */
  async send(target: StoredTarget, delivery: Delivery): Promise<ChannelError | undefined> {
    const { ctx, channels, vapid } = this.#parts
    const signal = AbortSignal.any([ctx.signal, AbortSignal.timeout(ATTEMPT_MS)])
    return channels.send(target, delivery, {
      fetch: (url, init) => ctx.fetch(url, init),
      signal,
      log: ctx.log,
      now: () => ctx.now(),
      config: ctx.config,
      vapid,
    })
  }

  async #failed(one: QueuedDelivery, failure: ChannelError, target: StoredTarget): Promise<void> {
    const { ctx, deliveries, targets } = this.#parts
    const reason = failure.message.slice(0, MAX_ERROR)
    const { channel, topic, attempts } = one
    if (failure.gone) {
      ctx.log.info('target is gone', { channel, reason })
      await targets.remove(target.userId, target.id)
      return
    }
    // The plugin ends: whoever comes next tries again, and this attempt counts as none.
    if (ctx.signal.aborted && failure.retry) {
      await deliveries.postpone(one, ctx.now())
      return
    }
    if (!failure.retry || attempts + 1 >= MAX_ATTEMPTS) {
      ctx.log.warn('not delivered', { channel, topic, reason, attempts: attempts + 1 })
      await deliveries.bury(one, reason)
      return
    }
    const own = Math.min(FIRST_WAIT_MS * 2 ** attempts, LONGEST_WAIT_MS) * (1 + Math.random() * 0.2)
    const waitMs = Math.round(Math.max(own, Math.min(failure.retryAfterMs ?? 0, LONGEST_ASKED_MS)))
    ctx.log.info('will be delivered later', { channel, topic, reason, waitMs })
    await deliveries.postpone(one, ctx.now() + waitMs, reason)
  }
}

export function urlOf({ config }: Context): string | undefined {
  return config.publicUrl === '' ? undefined : `${config.publicUrl}/notifications`
}

/** The part of an owner that names this life of the server. */
function serverOf(owner: string): string {
  return owner.split(' ', 1)[0] ?? ''
}

function deliveryOf(
  one: QueuedDelivery,
  shown: readonly Rendered[],
  { url, digest }: { readonly url: string | undefined; readonly digest: string },
): Delivery {
  const [first] = shown
  const { uid: id, level } = one
  const link = url === undefined ? {} : { url }
  if (!one.digest && first) {
    const { title, body, note } = first
    return { id, topic: note.topic, title, body, level: note.level, at: note.updatedAt, ...link }
  }
  const body = shown.map((note) =>
    [
      note.title,
      ...note.body
        .split('\n')
        .filter(Boolean)
        .map((line) => `  ${line}`),
    ].join('\n'),
  )
  return { id, topic: 'digest', title: digest, body: body.join('\n\n'), level, at: one.createdAt, ...link }
}
