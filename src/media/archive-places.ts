import type { ByteStream } from '../base/byte-source.ts'
import { AppError } from '../base/errors.ts'
import type { UserId } from '../base/ids.ts'

/** Archives that one user has listed or sent at a time: each keeps a disk busy for minutes, and a list in memory. */
const MAX_PER_USER = 4

/** Counts the archives of users. */
export function createPlaces() {
  const taken = new Map<UserId, number>()

  function release(userId: UserId): void {
    const left = (taken.get(userId) ?? 1) - 1
    if (left > 0) taken.set(userId, left)
    else taken.delete(userId)
  }

  return {
    /** Opens a stream that has a place from the beginning of the work until its end. Rejects with BUSY where none is left. */
    async hold(userId: UserId, open: () => Promise<ByteStream>): Promise<ByteStream> {
      const count = taken.get(userId) ?? 0
      if (count >= MAX_PER_USER) {
        throw new AppError('BUSY', 'You download several archives already. Wait until one has ended.')
      }
      taken.set(userId, count + 1)
      try {
        const stream = await open()
        const close = () => {
          release(userId)
          stream.close()
        }
        return { read: () => stream.read(), close }
      } catch (error) {
        release(userId)
        throw error
      }
    },
  }
}
