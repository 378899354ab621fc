import { randomUUID } from 'node:crypto'
import { oneAtATime, rowIdOf, type User } from 'tonearm/plugin'
import type { Cause, CauseStore } from './causes.ts'
import type { Context } from './context.ts'
import type { DeliveryStore } from './delivery-store.ts'
import { MAX_ALBUMS, merged, type NewNote } from './note.ts'
import type { NoteStore, Statement } from './note-store.ts'
import { afterQuiet, modeOf, nextDigest, type PreferenceStore } from './preferences.ts'
import type { TargetStore } from './target-store.ts'
import { TOPICS, type Topic, topicOf } from './topics.ts'

export interface TellerParts {
  readonly ctx: Context
  readonly causes: CauseStore
  readonly notes: NoteStore
  readonly preferences: PreferenceStore
  readonly targets: TargetStore
  readonly deliveries: DeliveryStore
  /** Notes of these users are new or others. */
  onNotes(userIds: readonly number[]): void
  /** Something waits to be delivered. */
  onQueued(): void
}

interface Told {
  readonly user: User
  readonly row: number
  readonly note: NewNote
}

const MAX_TRACKS = 500
const MANY_MS = 3_600_000
/** Notes may grow for so long: what comes later is a note of its own. */
const GROWS_MS = 24 * 3_600_000

/**
 * Turns what has happened into notes of users and messages of their channels. A cause, its notes and its messages are one
 * transaction: told whole, and once, whatever stops in between.
 */
export class Teller {
  readonly #parts: TellerParts
  /** Tells everything that waits; one run at a time. Never rejects for what telling meets. */
  readonly run = oneAtATime(() => this.#runAll())

  constructor(parts: TellerParts) {
    this.#parts = parts
  }

  /** Writes it down, and tells it. Resolves when it is written down; never rejects for what telling meets. */
  async take(cause: Cause, more: readonly Statement[] = []): Promise<void> {
    if (await this.#parts.causes.add(cause, more)) void this.run()
  }

  async #runAll(): Promise<void> {
    const { ctx, causes } = this.#parts
    let after = 0
    while (!ctx.signal.aborted) {
      const next = await causes.next(after)
      if (!next) break
      after = next.id
      try {
        await this.#tell(next.cause, next.id)
      } catch (error) {
        // It stays, and is told by a later run.
        ctx.log.warn('news not told yet', { topic: next.cause.note.topic, error: String(error) })
      }
    }
  }

  async #tell(cause: Cause, id: number): Promise<void> {
    const { ctx } = this.#parts
    const statements: Statement[] = []
    const touched: number[] = []
    let isQueued = false
    for (const told of await this.#recipients(cause)) {
      const made = await this.#statements(told, cause)
      if (made.statements.length === 0) continue
      statements.push(...made.statements)
      if (made.isListed) touched.push(told.row)
      isQueued ||= made.isQueued
    }
    const ended: Statement[] = [
      // Fails where it was told before, and the whole with it.
      ['INSERT INTO notifications_seen (source, at) VALUES (?, ?)', [cause.source, ctx.now()]],
      ['DELETE FROM notifications_cause WHERE id = ?', [id]],
    ]
    try {
      await ctx.db.batch([...ended, ...statements])
    } catch (error) {
      if (!/UNIQUE constraint failed: notifications_seen/i.test(messageOf(error))) throw error
      await ctx.db.run('DELETE FROM notifications_cause WHERE id = ?', [id])
      return
    }
    if (touched.length > 0) this.#parts.onNotes(touched)
    if (isQueued) this.#parts.onQueued()
  }

  async #recipients({ to, note }: Cause): Promise<readonly Told[]> {
    const { users } = this.#parts.ctx
    if (to.kind === 'user') {
      const user = await users.get(to.id)
      return user ? told(user, note) : []
    }
    const all = await users.list()
    if (to.kind === 'admins') {
      const theirs = { ...note, data: { ...note.data, admin: true } }
      return all.filter(({ isAdmin }) => isAdmin).flatMap((user) => told(user, theirs))
    }
    if (to.kind === 'library') {
      const within: Told[] = []
      for (const user of all) if (user.isAdmin || (await this.#sees(user, to.id))) within.push(...told(user, note))
      return within
    }
    return this.#listeners(all, to)
  }

  async #sees(user: User, library: number): Promise<boolean> {
    const libraries = await this.#parts.ctx.library.libraries(user.id)
    return libraries.some(({ id }) => id === library)
  }

  /** New music by album, for each what they see of it. Users with the same scope see the same, and are looked up once. */
  async #listeners(users: readonly User[], to: Cause['to'] & { kind: 'music' }): Promise<readonly Told[]> {
    const { ctx } = this.#parts
    const byScope = new Map<string, ReadonlyMap<string, number>>()
    const all: Told[] = []
    for (const user of users) {
      const scope = JSON.stringify(await ctx.users.scopeOf(user.id))
      let albums = byScope.get(scope)
      if (!albums) {
        albums = await this.#albumsOf(to.songs, user.id)
        byScope.set(scope, albums)
      }
      for (const note of musicNotes(albums, to.truncated, ctx.config.albumsApart)) all.push(...told(user, note))
    }
    return all
  }

  async #albumsOf(songs: readonly string[], as: string): Promise<ReadonlyMap<string, number>> {
    const albums = new Map<string, number>()
    for (let at = 0; at < songs.length; at += MAX_TRACKS) {
      const ids = songs.slice(at, at + MAX_TRACKS)
      for (const { albumId } of await this.#parts.ctx.library.tracks({ ids, ownOnly: true }, as))
        albums.set(albumId, (albums.get(albumId) ?? 0) + 1)
    }
    return albums
  }

  async #statements(
    { row: userId, note }: Told,
    { at }: Cause,
  ): Promise<{ readonly statements: readonly Statement[]; readonly isListed: boolean; readonly isQueued: boolean }> {
    const { ctx, notes, preferences, targets, deliveries } = this.#parts
    const chosen = await preferences.of(userId)
    const topic = topicOf(note.topic)
    const listed = modeOf(chosen, topic, 'app') !== 'off'
    const reached = (await targets.list(userId)).filter(
      ({ enabled, channel }) => enabled && modeOf(chosen, topic, channel) !== 'off',
    )
    if (!listed && reached.length === 0) return { statements: [], isListed: false, isQueued: false }
    const { level, data } = note
    let { groupKey = '' } = note
    let before = await notes.group(userId, groupKey)
    // Albums that drop in one after the other become one note, too, when there are many.
    const { albumsApart } = ctx.config
    if (!before && groupKey.startsWith('music ') && (await notes.albumNotes(userId, at - MANY_MS)) >= albumsApart * 2) {
      groupKey = 'music'
      before = await notes.group(userId, groupKey)
    }
    const grown = before && at - before.createdAt < GROWS_MS ? merged(before.data, data) : undefined
    // The key of a note that has grown for long enough becomes free.
    const freed: Statement[] =
      before && !grown ? [["UPDATE notifications_note SET group_key = '' WHERE id = ?", [before.id]]] : []
    const now = ctx.now()
    const put = notes.put({
      userId,
      topic: note.topic,
      level,
      groupKey,
      listed,
      data: grown ?? data,
      createdAt: at,
      updatedAt: at,
    })
    const settle = groupKey === '' ? 0 : ctx.config.settleSeconds * 1000
    const plans = reached.flatMap(({ id: targetId, channel }) => {
      const digest = modeOf(chosen, topic, channel) === 'digest'
      const soon = afterQuiet(chosen, level, now + settle)
      const dueAt = digest ? nextDigest(chosen, now) : soon
      const uid = randomUUID()
      return deliveries.plan({ uid, userId, targetId, channel, digest, topic: note.topic, level, dueAt, at: now })
    })
    const trimmed = [notes.trim(userId, ctx.config.keepPerUser)]
    return { statements: [...freed, ...put, ...plans, ...trimmed], isListed: listed, isQueued: plans.length > 0 }
  }
}

function told(user: User, note: NewNote): readonly Told[] {
  const row = rowIdOf('user', user.id)
  const topic: Topic = TOPICS[topicOf(note.topic)]
  return row === undefined || (topic.for === 'admins' && !user.isAdmin) ? [] : [{ user, row, note }]
}

/** One note for an album, or one for all of many. */
function musicNotes(albums: ReadonlyMap<string, number>, truncated: boolean, apart: number): readonly NewNote[] {
  const list = [...albums].map(([id, songs]) => ({ id, songs }))
  if (list.length === 0) return []
  if (list.length <= apart && !truncated)
    return list.map((album) => ({
      topic: 'music.new',
      level: 'info',
      groupKey: `music ${album.id}`,
      data: { albums: [album] },
    }))
  const cut = truncated || list.length > MAX_ALBUMS
  return [
    {
      topic: 'music.new',
      level: 'info',
      groupKey: 'music',
      data: { albums: list.slice(0, MAX_ALBUMS), ...(cut ? { truncated: true } : {}) },
    },
  ]
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
