import { rowIdOf } from 'tonearm/plugin'
import type { Context } from './context.ts'
import { readTallies } from './packed.ts'
import { EVERYBODY, type RollUp } from './roll-up.ts'
import { DAY_MS } from './zones.ts'

/** What is told to whoever the administrator named: no names, no ids of people, no titles, no paths, no addresses. */
export interface AnonymousFigures {
  /** Random, of this installation. */
  readonly id: string
  readonly version: string
  readonly platform: string
  readonly arch: string
  readonly node: string
  readonly uptimeSeconds: number
  readonly memoryBytes: number
  readonly databaseBytes: number
  readonly users: number
  readonly activeUsers: number
  readonly libraries: number
  readonly songs: number
  readonly albums: number
  readonly artists: number
  readonly durationMs: number
  readonly bytes: number
  readonly formats: Readonly<Record<string, number>>
  readonly playsLastWeek: number
}

export interface Status {
  readonly lastRun: number | undefined
  readonly success: boolean
}

interface Outbox {
  readonly attempts: number
  readonly dueAt: number
  readonly sentAt: number
}

const NEVER: Status = { lastRun: undefined, success: false }
const IDLE: Outbox = { attempts: 0, dueAt: 0, sentAt: 0 }
const FIRST_RETRY_MS = 900_000
const LONGEST_RETRY_MS = DAY_MS
const ANSWER_MS = 10_000
const WEEK_MS = 7 * DAY_MS
const BACKLOG_STEPS = 100_000

/** Figures once a day: kept here, and sent where the administrator wants them, if anywhere. */
export class Collection {
  readonly #ctx: Context
  readonly #rollUp: RollUp
  readonly #send: (url: string, body: string) => Promise<number>
  #running: Promise<void> | undefined

  constructor(ctx: Context, rollUp: RollUp) {
    this.#ctx = ctx
    this.#rollUp = rollUp
    // The host is an administrator's to grant: the address is a setting.
    const { fetch } = ctx as Context & { fetch(url: string, init: RequestInit): Promise<Response> }
    this.#send = async (url, body) => {
      const signal = AbortSignal.any([ctx.signal, AbortSignal.timeout(ANSWER_MS)])
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' })
      await response.body?.cancel()
      return response.status
    }
  }

  status(): Promise<Status> {
    return this.#ctx.settings.get('status', NEVER)
  }

  outbox(): Promise<Outbox> {
    return this.#ctx.settings.get('outbox', IDLE)
  }

  /** Whether a day has passed since the last run. */
  async isDue(): Promise<boolean> {
    const { lastRun = 0 } = await this.status()
    return this.#ctx.now() - lastRun >= DAY_MS
  }

  /** Two at a time are one. Rejects when it failed, which the status says too. */
  run(): Promise<void> {
    this.#running ??= this.#collect().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Exactly what would be posted now. */
  async preview(): Promise<AnonymousFigures> {
    const ctx = this.#ctx
    const admin = await this.#admin()
    const server = await ctx.server.figures()
    const library = admin === undefined ? undefined : await ctx.statistics.library(admin)
    const week = await this.#lastWeek()
    return {
      id: await this.#installation(),
      version: server.version,
      platform: server.platform,
      arch: server.arch,
      node: server.node,
      uptimeSeconds: Math.floor((ctx.now() - server.startedAt) / 1000),
      memoryBytes: server.memory.rss,
      databaseBytes: server.database.bytes,
      users: server.users,
      activeUsers: week.users,
      libraries: server.libraries,
      songs: library?.songs ?? 0,
      albums: library?.albums ?? 0,
      artists: library?.artists ?? 0,
      durationMs: library?.durationMs ?? 0,
      bytes: library?.bytes ?? 0,
      formats: Object.fromEntries(library?.formats.map(({ suffix, songs }) => [suffix, songs]) ?? []),
      playsLastWeek: week.plays,
    }
  }

  /** Posts what is due; failures are only noted, and tried again after 15 minutes, then half an hour, up to a day. */
  async deliver(): Promise<void> {
    const { config, log, settings } = this.#ctx
    if (!config.collect || config.sendTo === '') return
    const now = this.#ctx.now()
    const { attempts, dueAt, sentAt } = await this.outbox()
    if (now < dueAt) return
    try {
      const status = await this.#send(config.sendTo, JSON.stringify(await this.preview()))
      if (status < 200 || status > 299) throw new Error(`the receiver answered ${status}`)
      await settings.set('outbox', { attempts: 0, dueAt: now + DAY_MS, sentAt: now })
    } catch (error) {
      if (this.#ctx.signal.aborted) return
      const wait = Math.min(FIRST_RETRY_MS * 2 ** attempts, LONGEST_RETRY_MS)
      await settings.set('outbox', { attempts: attempts + 1, dueAt: now + wait, sentAt })
      log.debug('figures not sent, will be tried again', {
        reason: error instanceof Error ? error.message : 'unknown',
        waitMs: wait,
      })
    }
  }

  /** What was kept, newest first. */
  async history(limit: number): Promise<readonly unknown[]> {
    const rows = await this.#ctx.db.all<{ at: number; figures: string }>(
      'SELECT at, figures FROM insights_collection ORDER BY at DESC LIMIT ?',
      [limit],
    )
    return rows.map(({ at, figures }) => ({ at: new Date(at).toISOString(), ...(JSON.parse(figures) as object) }))
  }

  async #collect(): Promise<void> {
    const ctx = this.#ctx
    const at = Math.floor(ctx.now())
    try {
      await this.#rollUp.catchUp(BACKLOG_STEPS, ctx.signal)
      await this.#forgetGone()
      const { id: _, ...figures } = await this.preview()
      await ctx.db.batch([
        ['INSERT OR REPLACE INTO insights_collection (at, figures) VALUES (?, ?)', [at, JSON.stringify(figures)]],
        ['DELETE FROM insights_collection WHERE at < ?', [at - ctx.config.keepDays * DAY_MS]],
      ])
      await ctx.settings.set('status', { lastRun: at, success: true })
    } catch (error) {
      await ctx.settings.set('status', { lastRun: at, success: false })
      throw error
    }
  }

  /** Users who went while this plugin did not run. */
  async #forgetGone(): Promise<void> {
    const users = new Set((await this.#ctx.users.list()).map(({ id }) => rowIdOf('user', id)))
    for (const id of await this.#rollUp.listeners()) if (!users.has(id)) await this.#rollUp.forget(id)
  }

  async #admin(): Promise<string | undefined> {
    return (await this.#ctx.users.list()).find(({ isAdmin }) => isAdmin)?.id
  }

  async #installation(): Promise<string> {
    const known = await this.#ctx.settings.get('installation', '')
    if (known) return known
    const made = crypto.randomUUID()
    await this.#ctx.settings.set('installation', made)
    return made
  }

  async #lastWeek(): Promise<{ readonly plays: number; readonly users: number }> {
    const from = this.#ctx.now() - WEEK_MS
    const users = await this.#ctx.db.get<{ n: number }>(
      'SELECT count(DISTINCT user_id) AS n FROM insights_hours WHERE user_id <> ? AND day >= ?',
      [EVERYBODY, Math.floor(from / DAY_MS)],
    )
    let plays = 0
    for (const { data } of await this.#ctx.db.all<{ data: Uint8Array }>(
      'SELECT data FROM insights_hours WHERE user_id = ? AND day >= ?',
      [EVERYBODY, Math.floor(from / DAY_MS)],
    ))
      readTallies(data, (_, count) => {
        plays += count
      })
    return { plays, users: users?.n ?? 0 }
  }
}
