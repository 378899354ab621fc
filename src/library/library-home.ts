import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../db/database.ts'
import type { IsHome, KnownLibrary } from './library-sync.ts'

/** Songs that are looked for; spread over the whole library. */
const SAMPLE = 40
/** So many of them must be there, with their sizes. */
const PART = 0.5

/** Looks for songs of a library in another folder, by their paths and sizes. */
export function homeFinder(db: Database): IsHome {
  const samples = new Map<number, readonly Sample[]>()
  return (known, path) => {
    if (!isFolder(path)) return false
    const { id } = known.library
    let sample = samples.get(id)
    if (!sample) {
      sample = sampleOf(db, known)
      samples.set(id, sample)
    }
    const found = sample.filter((song) => sizeOf(join(path, song.path)) === song.size)
    return sample.length > 0 && found.length >= sample.length * PART
  }
}

interface Sample {
  readonly path: string
  readonly size: number
}

/** By steps through the index of paths: neither the whole library nor one folder of it. */
function sampleOf(db: Database, { library: { id }, isHidden }: KnownLibrary): readonly Sample[] {
  const missing = Number(isHidden)
  const paths = db.select(
    'SELECT path FROM folder WHERE library_id = ? AND missing = ? ORDER BY path',
    [id, missing],
    (row) => row.text(0),
  )
  const step = Math.max(1, paths.length / SAMPLE)
  const songs: Sample[] = []
  for (let at = 0; at < paths.length; at += step)
    songs.push(
      ...db.select(
        `SELECT s.path, s.size FROM folder f JOIN song s ON s.folder_id = f.id
         WHERE f.library_id = ? AND f.path = ? AND s.missing = ? LIMIT ?`,
        [id, paths[Math.floor(at)] as string, missing, Math.ceil(SAMPLE / Math.min(SAMPLE, paths.length))],
        (row) => ({ path: row.text(0), size: row.number(1) }),
      ),
    )
  return songs
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function sizeOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size
  } catch {
    return undefined
  }
}
