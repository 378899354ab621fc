import { randomUUID } from 'node:crypto'
import type { Take } from './causes.ts'
import type { Context } from './context.ts'

const PAGE = 1_000
/** Songs of one look that are told of; of a library that is new as a whole these are enough. */
const MOST = 2_000
const SET_CURSOR = `INSERT INTO notifications_cursor (id, value) VALUES (1, ?)
  ON CONFLICT (id) DO UPDATE SET value = max(value, excluded.value)`

/**
 * Songs that are new: as the scanner tells of them, and by the library's own cursor what came while nobody listened. The
 * cursor is moved in the transaction that writes the news down.
 */
export class NewMusic {
  readonly #ctx: Context
  readonly #take: Take
  /** Told of by the cursor; the scanner may tell of them as well a moment later. */
  #caughtUp: ReadonlySet<string> = new Set()
  #running: Promise<void> = Promise.resolve()

  constructor(ctx: Context, take: Take) {
    this.#ctx = ctx
    this.#take = take
  }

  /** The scanner has added these. */
  came(added: readonly string[], truncated: boolean): Promise<void> {
    return this.#inTurn(async () => {
      const songs = added.filter((id) => !this.#caughtUp.has(id))
      if (songs.length > 0) await this.#tell(songs, truncated, await this.#ctx.library.lastAdded())
    })
  }

  /** After a start: what came since the cursor. */
  catchUp(): Promise<void> {
    return this.#inTurn(async () => {
      const { db, library } = this.#ctx
      const cursor = await db.get<{ value: number }>('SELECT value FROM notifications_cursor')
      const newest = await library.lastAdded()
      // What is there when the plugin comes is no news.
      if (!cursor) return void (await db.run(SET_CURSOR, [newest]))
      if (cursor.value >= newest) return
      const songs: string[] = []
      let last = cursor.value
      for (let size = PAGE; size === PAGE && songs.length < MOST; ) {
        const page = await library.added({ after: last, limit: PAGE })
        for (const { id, mediaId } of page) {
          last = id
          songs.push(mediaId)
        }
        size = page.length
      }
      this.#caughtUp = new Set(songs)
      if (songs.length > 0) await this.#tell(songs, songs.length >= MOST, newest)
      else await db.run(SET_CURSOR, [newest])
    })
  }

  #tell(songs: readonly string[], truncated: boolean, cursor: number): Promise<void> {
    const to = { kind: 'music', songs, truncated } as const
    const note = { topic: 'music.new', level: 'info', data: {} } as const
    const source = `music ${randomUUID()}`
    return this.#take({ source, at: this.#ctx.now(), to, note }, [[SET_CURSOR, [cursor]]])
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#running = this.#running.catch(() => {}).then(work)
    return this.#running
  }
}
