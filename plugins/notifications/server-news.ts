import type { Note as ServerNote } from 'tonearm/plugin'
import type { Cause, Take } from './causes.ts'
import type { Context } from './context.ts'
import { failedLoginNote } from './login-watch.ts'
import type { NewNote } from './note.ts'
import { shareCauseOf } from './share-news.ts'
import { type Level, TOPICS, topicOf } from './topics.ts'

type Told = Pick<Cause, 'to' | 'note'>

const LONGEST_TOPIC = 100

/**
 * What the server itself and other plugins have to say. The server keeps it until it is written down here, and gives it
 * again with the same id when nobody knows whether it was.
 */
export function addServerNews(ctx: Context, take: Take): void {
  const { hooks, notify, settings } = ctx
  notify.channel(
    'app',
    async (note) => {
      const told = shareCauseOf(note) ?? (await toldOf(ctx, note))
      if (told) await take({ source: `server ${note.id}`, at: note.at, ...told })
      if (note.topic === 'scan.problems') await settings.set('problems', numberOf(note.data?.problems))
    },
    { durable: true },
  )
  // Fewer than before: the next more is news again.
  hooks.on('scan.finished', async ({ problems, failed }) => {
    if (!failed && problems < (await settings.get('problems', 0))) await settings.set('problems', problems)
  })
}

/** Whom it concerns, and what is kept of it; undefined when it is no news. */
async function toldOf(
  ctx: Context,
  { topic, title, body = '', level, userId, data = {} }: ServerNote,
): Promise<Told | undefined> {
  const admins = { kind: 'admins' } as const
  switch (topic) {
    case 'library.lost':
    case 'library.back': {
      const libraryId = numberOf(data.libraryId)
      const reason = textOf(data.reason)
      return { to: { kind: 'library', id: libraryId }, note: noteOf(topic, level, { libraryId, reason }) }
    }
    case 'scan.problems': {
      const count = numberOf(data.problems)
      // The same files fail in each scan.
      if (count <= (await ctx.settings.get('problems', 0))) return undefined
      return { to: admins, note: noteOf(topic, level, { count }, 'problems') }
    }
    case 'files.missing': {
      const { total } = await ctx.admin.missing.list({ limit: 1 })
      // All of them, since a note that is there grows; when they are back already, what was found.
      const count = total || numberOf(data.missing)
      return { to: admins, note: noteOf(topic, level, { count }, 'missing') }
    }
    case 'disk.low':
    case 'disk.well': {
      const freeBytes = numberOf(data.freeBytes)
      const totalBytes = numberOf(data.totalBytes)
      return { to: admins, note: noteOf(topic, level, { freeBytes, totalBytes }) }
    }
    case 'login.blocked': {
      const [address, client, subjectId] = [textOf(data.address), textOf(data.client), textOf(data.userId)]
      return { to: admins, note: failedLoginNote({ address, client, userId: subjectId || null }) }
    }
    default: {
      const to = userId === undefined ? admins : ({ kind: 'user', id: userId } as const)
      return { to, note: noteOf(topic.slice(0, LONGEST_TOPIC), level, { title, body }) }
    }
  }
}

function noteOf(topic: string, level: Level | undefined, data: NewNote['data'], groupKey = ''): NewNote {
  return { topic, level: level ?? TOPICS[topicOf(topic)].level, groupKey, data }
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
