import { type PluginRequest, type Routes, readListQuery, type User } from 'tonearm/plugin'
import type { Context } from './context.ts'
import type { Note } from './note.ts'
import type { NoteStore } from './note-store.ts'
import type { PreferenceStore } from './preferences.ts'
import { forUser, idOf, json, Refusal } from './refusal.ts'
import { type Rendered, render } from './rendering.ts'
import { languageOf } from './texts/texts.ts'
import { PINAKES_TYPES, type ShareTopic } from './topics.ts'

export interface NoteRouteParts {
  readonly ctx: Context
  readonly notes: NoteStore
  readonly preferences: PreferenceStore
  /** Something was read or deleted: other windows of this user want to know. */
  onRead(userId: number): void
}

type Reader = User & { readonly row: number }

const ROOT = { root: true } as const
const BASE = '/api/notifications'
/** Rows of one answer. */
const MAX_ROWS = 500

/** A note as the API shows it. */
export interface ShownNote {
  readonly id: string
  readonly topic: string
  readonly level: string
  readonly title: string
  readonly body: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly readAt: string | null
}

export async function shown(
  { ctx, preferences }: Pick<NoteRouteParts, 'ctx' | 'preferences'>,
  notes: readonly Note[],
  reader: { readonly row: number; readonly isAdmin: boolean },
): Promise<readonly (ShownNote & { readonly seq: number })[]> {
  const language = languageOf((await preferences.of(reader.row)).language)
  const rendered = await render(notes, { userId: reader.row, isAdmin: reader.isAdmin }, { parts: ctx, language })
  return rendered.map((one) => ({ ...rowOf(one), seq: one.note.seq }))
}

/** The notes of whoever asks; there is no way to another's. */
export function addNoteRoutes(routes: Routes, parts: NoteRouteParts): void {
  const { ctx, notes, onRead } = parts
  const show = async (found: readonly Note[], reader: Reader) =>
    (await shown(parts, found, reader)).map(({ seq: _, ...row }) => row)

  routes.get(
    BASE,
    forUser(async ({ query }, user) => {
      const { offset, limit } = readListQuery(query)
      const page = {
        unread: query.get('unread') === 'true',
        topic: query.get('topic') ?? '',
        limit: Math.min(limit, MAX_ROWS),
        offset,
      }
      const { notes: found, total } = await notes.page(user.row, page)
      return json(await show(found, user), { 'x-total-count': String(total) })
    }),
    ROOT,
  )
  routes.get(
    `${BASE}/unread`,
    forUser(async (_, user) => json({ count: await notes.unread(user.row) })),
    ROOT,
  )
  routes.get(
    `${BASE}/:id`,
    forUser(async (request, user) => json((await show([await existing(request, user)], user))[0])),
    ROOT,
  )
  routes.post(
    `${BASE}/read-all`,
    forUser(async (_, user) => json({ read: await read(user, {}) })),
    ROOT,
  )
  routes.post(
    `${BASE}/:id/read`,
    forUser(async (request, user) => {
      const { id } = await existing(request, user)
      return json({ read: await read(user, { id }) })
    }),
    ROOT,
  )
  routes.delete(
    `${BASE}/:id`,
    forUser(async (request, user) => {
      const { id } = await existing(request, user)
      await notes.remove(user.row, id)
      onRead(user.row)
      return json({})
    }),
    ROOT,
  )
  routes.delete(
    BASE,
    forUser(async (_, user) => {
      const deleted = await notes.remove(user.row)
      if (deleted > 0) onRead(user.row)
      return json({ deleted })
    }),
    ROOT,
  )

  for (const base of [`/api/v1/notifications/shares`, `${BASE}/shares`]) {
    routes.get(
      base,
      forUser(async (_, user) => {
        const found = await notes.unreadShares(user.row)
        const rows = await show(found, user)
        return json(rows.map((row, index) => pinakesRow(row, found[index] as Note)))
      }),
      ROOT,
    )
    routes.post(
      `${base}/read-all`,
      forUser(async (_, user) => json({ read: await read(user, { shares: true }) })),
      ROOT,
    )
    routes.post(
      `${base}/:id/read`,
      // What is not this user's, or not there, is not told apart: nothing changes, and that is well.
      forUser(async (request, user) => json({ read: await read(user, { id: idOf(request), shares: true }) })),
      ROOT,
    )
  }

  async function read(user: Reader, which: { readonly id?: number; readonly shares?: boolean }): Promise<number> {
    const count = await notes.read(user.row, ctx.now(), which)
    if (count > 0) onRead(user.row)
    return count
  }

  async function existing(request: PluginRequest, user: Reader): Promise<Note> {
    const note = await notes.find(user.row, idOf(request))
    if (!note) throw new Refusal(404, 'There is no such note.')
    return note
  }
}

function rowOf({ note, title, body }: Rendered): ShownNote {
  const { id, topic, level, createdAt, updatedAt, readAt } = note
  return {
    id: String(id),
    topic,
    level,
    title,
    body,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
    readAt: readAt === null ? null : iso(readAt),
  }
}

function pinakesRow({ id, createdAt, readAt, title, body }: ShownNote, { topic, data }: Note): object {
  const type = PINAKES_TYPES[topic as ShareTopic]
  return { id, shareId: data.shareId ?? '', type, createdAt, readAt, title, body }
}

export function iso(at: number): string {
  return new Date(at).toISOString()
}
