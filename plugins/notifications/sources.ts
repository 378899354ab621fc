import { randomUUID } from 'node:crypto'
import { promises as files } from 'node:fs'
import type { Cause } from './causes.ts'
import type { Context } from './context.ts'
import { LoginWatch } from './login-watch.ts'
import type { NewNote } from './note.ts'
import { addShareNews } from './share-news.ts'
import { type Level, TOPICS, topicOf } from './topics.ts'

export type Take = (cause: Cause) => Promise<void>

const DISK_EVERY_MS = 600_000
const DISK_SOON_MS = 20_000
/** So much more must be free before a disk that was nearly full counts as well again. */
const DISK_SLACK = 1.1

/** Everything that people are told about, where it happens. */
export function addSources(ctx: Context, take: Take): void {
  addMusic(ctx, take)
  addLibraries(ctx, take)
  addDisk(ctx, take)
  addShareNews(ctx, take)
  addServerNews(ctx, take)
  const logins = new LoginWatch(ctx, take)
  ctx.hooks.on('user.login', (login) => logins.seen(login))
}

function addMusic({ hooks, now }: Context, take: Take): void {
  hooks.on('library.changed', async ({ added, truncated }) => {
    if (added.length === 0) return
    await take({
      source: `music ${randomUUID()}`,
      at: now(),
      to: { kind: 'music', songs: added, truncated },
      note: { topic: 'music.new', level: 'info', data: {} },
    })
  })
}

function addLibraries(ctx: Context, take: Take): void {
  const { hooks, settings, admin } = ctx
  hooks.on('scan.finished', async ({ scanId, problems }) => {
    const told = await settings.get('problems', 0)
    // The same files fail in each scan; that is news once.
    if (problems > told)
      await take(toAdmins(ctx, `scan ${scanId}`, 'scan.problems', { data: { count: problems }, groupKey: 'problems' }))
    if (problems !== told) await settings.set('problems', problems)
    await lookForMissing()
  })
  hooks.on('library.changed', async ({ removed }) => {
    if (removed.length > 0) await lookForMissing()
  })
  const look = async () => {
    const { total } = await admin.missing.list({ limit: 1 })
    const told = await settings.get('missing', 0)
    if (total > told)
      await take(toAdmins(ctx, randomUUID(), 'files.missing', { data: { count: total }, groupKey: 'missing' }))
    if (total !== told) await settings.set('missing', total)
  }
  /** One look at a time: two events of one scan must not tell the same. */
  let looking: Promise<void> = Promise.resolve()
  const lookForMissing = () => {
    looking = looking.catch(() => {}).then(look)
    return looking
  }
  hooks.on('library.root', async ({ libraryId, state, reason }) => {
    const topic = state === 'lost' ? 'library.lost' : 'library.back'
    await take({
      source: `root ${randomUUID()}`,
      at: ctx.now(),
      to: { kind: 'library', id: libraryId },
      note: { topic, level: TOPICS[topic].level, data: { libraryId, reason } },
    })
  })
}

function addDisk(ctx: Context, take: Take): void {
  const { config, log, scheduler, settings, storage } = ctx
  if (config.diskFreePercent === 0) return
  const look = async () => {
    let disk: { readonly bavail: number; readonly blocks: number; readonly bsize: number }
    try {
      disk = await files.statfs(await storage.dir())
    } catch (error) {
      log.debug('free space not known', { error: String(error) })
      return
    }
    const freeBytes = disk.bavail * disk.bsize
    const totalBytes = disk.blocks * disk.bsize
    if (totalBytes === 0) return
    const percent = (freeBytes / totalBytes) * 100
    const wasFull = await settings.get('diskFull', false)
    const isFull = percent < config.diskFreePercent * (wasFull ? DISK_SLACK : 1)
    if (isFull === wasFull) return
    // On a disk that is full already writing fails; then it is told at the next look.
    if (isFull)
      await take(toAdmins(ctx, randomUUID(), 'disk.full', { data: { freeBytes, totalBytes }, groupKey: 'disk' }))
    await settings.set('diskFull', isFull)
  }
  scheduler.after(DISK_SOON_MS, look)
  scheduler.every(DISK_EVERY_MS, look)
}

/** What the server itself and other plugins have to say; it is theirs until it is written down here. */
function addServerNews(ctx: Context, take: Take): void {
  ctx.notify.channel('app', async (notification) => {
    const { topic, title, body = '', userId } = notification
    const { id } = notification as { readonly id?: unknown }
    const note: NewNote = {
      topic: topic.slice(0, 100),
      level: levelOf(notification.level, topic),
      data: { title, body },
    }
    await take({
      source: typeof id === 'string' ? `server ${id}` : randomUUID(),
      at: ctx.now(),
      to: userId === undefined ? { kind: 'admins' } : { kind: 'user', id: userId },
      note,
    })
  })
}

function levelOf(level: Level | undefined, topic: string): Level {
  return level ?? TOPICS[topicOf(topic)].level
}

function toAdmins(
  { now }: Context,
  source: string,
  topic: keyof typeof TOPICS,
  note: Pick<NewNote, 'data' | 'groupKey'>,
): Cause {
  return { source, at: now(), to: { kind: 'admins' }, note: { topic, level: TOPICS[topic].level, ...note } }
}
