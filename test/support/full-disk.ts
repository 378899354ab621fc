import type { Repositories } from '../../src/library/repositories.ts'

/** The same repositories on a disk that takes no play while it is full; it is at first. */
export function onFullDisk(repositories: Repositories): { readonly repositories: Repositories; full: boolean } {
  const plays: Repositories['plays'] = {
    ...repositories.plays,
    record: (...args) => {
      if (disk.full) throw new Error('disk full')
      return repositories.plays.record(...args)
    },
  }
  const disk = { full: true, repositories: { ...repositories, plays } }
  return disk
}
