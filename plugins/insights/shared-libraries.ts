import { publicIdOf } from 'tonearm/plugin'
import type { Context } from './context.ts'
import { SONG } from './packed.ts'
import { NO_LIBRARY } from './roll-up.ts'

const PAGE = 500
/** Of what somebody heard in a library that is not theirs; in one that holds more of it, the latest count. */
const MAX_SONGS = 5_000

/**
 * Libraries that are not the listener's but hold a song which was heard there and is visible all the same: others share
 * it. What was heard there counts then, as the song counts in the library's figures.
 */
export async function sharedLibraries(
  { db, statistics }: Pick<Context, 'db' | 'statistics'>,
  asked: {
    /** Row id. */
    readonly listener: number
    readonly libraries: readonly number[]
    /** Public id of who looks. */
    readonly as: string
  },
): Promise<readonly number[]> {
  const { listener, libraries, as } = asked
  const foreign = await db.all<{ id: number }>(
    `SELECT DISTINCT library_id AS id FROM insights_item WHERE user_id = ? AND kind = ${SONG}
     AND library_id NOT IN (SELECT value FROM json_each(?))`,
    [listener, JSON.stringify([...libraries, NO_LIBRARY])],
  )
  const shared: number[] = []
  for (const { id } of foreign) if (await seesOne(id)) shared.push(id)
  return shared

  async function seesOne(library: number): Promise<boolean> {
    const songs = await db.all<{ item: number }>(
      `SELECT item_id AS item FROM insights_item WHERE user_id = ? AND kind = ${SONG} AND library_id = ?
       ORDER BY last_at DESC LIMIT ?`,
      [listener, library, MAX_SONGS],
    )
    for (let at = 0; at < songs.length; at += PAGE) {
      const ids = songs.slice(at, at + PAGE).map(({ item }) => publicIdOf('song', item))
      if ((await statistics.names('song', ids, as)).length > 0) return true
    }
    return false
  }
}
