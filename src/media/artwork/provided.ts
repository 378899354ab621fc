import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../base/clock.ts'
import { systemErrorCode } from '../../base/errors.ts'
import { encodeId, type PublicId } from '../../base/ids.ts'
import type { HookBus } from '../../hooks/hook-bus.ts'
import type { ArtworkRepository, Covered } from '../../library/artwork-repository.ts'
import type { Viewer } from '../../library/entities.ts'
import {
  PROVIDED_PREFIX,
  type StoredArtwork,
  type StoredArtworkRepository,
} from '../../library/stored-artwork-repository.ts'
import { type Masters, unwritable } from './masters.ts'

export interface ProvidedOptions {
  readonly hooks: HookBus
  readonly repository: ArtworkRepository
  readonly store: StoredArtworkRepository
  readonly masters: Masters
  readonly clock: Clock
  /** Where a plugin's bytes wait for the image process. */
  readonly folder: string
  readonly maxBytes: number
}

/** A plugin's picture is asked for again after a month, its 'none' after an hour. */
export const PROVIDED_MS = 30 * 86_400_000
const NONE_MS = 3_600_000
const MAX_NONE = 1000

/** Pictures from plugins (`media.artwork`), for what has none in the library. Checked and bounded like any other. */
export function createProvided(options: ProvidedOptions) {
  const { hooks, repository, store, masters, clock, folder, maxBytes } = options
  const none = new LRUCache<string, number>({ max: MAX_NONE })
  const underWay = new Map<string, Promise<StoredArtwork | undefined>>()

  async function ask(viewer: Viewer, item: Covered, mediaId: string, version: string) {
    const label = repository.label(viewer, item)
    const answer = label && (await hooks.provide('media.artwork', { mediaId, ...label }))
    if (!answer || answer.bytes.length === 0 || answer.bytes.length > maxBytes) return undefined
    const path = join(folder, `${randomBytes(8).toString('hex')}.tmp`)
    try {
      await mkdir(folder, { recursive: true })
      await writeFile(path, answer.bytes, { flag: 'wx', mode: 0o600 })
      return await masters.remake(version, () => [{ kind: 'file', path, within: folder }])
    } catch (error) {
      const code = systemErrorCode(error)
      throw code ? unwritable(code) : error
    } finally {
      await rm(path, { force: true }).catch(() => {})
    }
  }

  return {
    /** Undefined when no plugin has a picture. */
    async find(viewer: Viewer, item: Covered): Promise<StoredArtwork | undefined> {
      if (!hooks.has('media.artwork')) return undefined
      const mediaId = encodeId(item.kind, item.key as PublicId['key'] as never)
      const version = PROVIDED_PREFIX + mediaId
      const known = store.find(version)
      if (known && known.content !== '' && known.madeAt > clock.now() - PROVIDED_MS) return known
      if ((none.get(mediaId) ?? 0) > clock.now() - NONE_MS) return undefined
      let asking = underWay.get(mediaId)
      if (!asking) {
        asking = ask(viewer, item, mediaId, version).finally(() => underWay.delete(mediaId))
        underWay.set(mediaId, asking)
      }
      const found = await asking
      if (!found) none.set(mediaId, clock.now())
      return found
    },
  }
}
