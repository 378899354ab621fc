import { readdir } from 'node:fs/promises'
import { systemErrorCode } from '../base/errors.ts'

/** More songs than this, and more than this part of all, gone at once: nobody deletes like that by intention. */
const LOST_SONGS = 50
const LOST_PART = 0.2

export type RootState =
  | { readonly state: 'ok' }
  /** `confirmable`: an administrator may say that it is really gone. `listed`: only what lies in it can't be read. */
  | { readonly state: 'lost'; readonly reason: string; readonly confirmable: boolean; readonly listed?: true }

/** Whether the root of a library is there. Reasons are sentences without the path. */
export async function checkRoot(path: string): Promise<RootState> {
  try {
    const entries = await readdir(path)
    return entries.length > 0 ? { state: 'ok' } : lost('the folder is empty; is its disk mounted?', true)
  } catch (error) {
    return lostBy(error)
  }
}

/** What an error of the root means. Throws it on when no system gave it. */
export function lostBy(error: unknown): RootState {
  const code = systemErrorCode(error)
  if (code === undefined) throw error
  if (code === 'ENOENT') return lost('the folder does not exist; is its disk mounted?', true)
  if (code === 'ENOTDIR') return lost('it is not a folder', false)
  if (code === 'EACCES' || code === 'EPERM') return lost('the folder may not be read; check its permissions', false)
  return lost(`the folder can't be read (${code}); check its disk`, false)
}

/** Whether so much is missing that it looks like a disk that is not there. */
export function looksLost(songs: { readonly before: number; readonly gone: number; readonly seen: number }): RootState {
  if (songs.before > 0 && songs.seen === 0 && songs.gone > 0) return lost('no music is left in the folder', true)
  if (songs.gone > LOST_SONGS && songs.gone > songs.before * LOST_PART)
    return lost(`${songs.gone} of ${songs.before} songs are gone at once`, true)
  return { state: 'ok' }
}

function lost(reason: string, confirmable: boolean): RootState {
  return { state: 'lost', reason, confirmable }
}
