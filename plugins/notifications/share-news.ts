import type { Note as ServerNote } from 'tonearm/plugin'
import type { Cause } from './causes.ts'
import type { Target } from './note.ts'
import { PINAKES_TYPES } from './topics.ts'

const KINDS: ReadonlySet<unknown> = new Set(['song', 'album', 'artist', 'playlist', 'library'])

/**
 * What the plugin `sharing` tells: topics `share.*`, with `{key, shareId, targets, truncated?, ended?}` as data and its
 * owner's words as body. `key` is the same when one comes twice. Undefined for what is no such news.
 */
export function shareCauseOf({
  id,
  topic,
  level = 'info',
  at,
  userId,
  body,
  data = {},
}: ServerNote): Cause | undefined {
  const { key, shareId, targets, truncated, ended } = data
  if (!Object.hasOwn(PINAKES_TYPES, topic) || userId === undefined || typeof shareId !== 'string') return undefined
  return {
    source: typeof key === 'string' ? `share ${key}` : `server ${id}`,
    at,
    to: { kind: 'user', id: userId },
    note: {
      topic,
      level,
      data: {
        shareId,
        ...(Array.isArray(targets) ? { targets: targets.filter(isTarget), description: body ?? '' } : {}),
        ...(truncated === true ? { truncated } : {}),
        ...(ended === true ? { ended } : {}),
      },
    },
  }
}

function isTarget(value: unknown): value is Target {
  const { kind, id } = (value ?? {}) as Partial<Target>
  return KINDS.has(kind) && typeof id === 'string'
}
