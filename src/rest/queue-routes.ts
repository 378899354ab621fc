import type { Scopes } from '../auth/scopes.ts'
import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { decodeIdOf, encodeId, type SongId } from '../base/ids.ts'
import { noContent } from '../http/reply.ts'
import type { Route } from '../http/router.ts'
import type { PlayQueueRepository } from '../library/play-queue-repository.ts'
import type { RecordDetails } from '../library/query/record-details.ts'
import { placeInQueue } from '../library/queue-place.ts'
import { invalidField, namingFields } from './body-fields.ts'
import { jsonObject } from './json-body.ts'
import { objectWithList } from './json-parts.ts'
import { type NativeGate, originOf, type UserRouteHandler } from './native-gate.ts'
import { songRecords } from './song-records.ts'

export interface QueueRouteServices {
  readonly gate: NativeGate
  readonly playQueues: PlayQueueRepository
  readonly details: RecordDetails
  readonly scopes: Scopes
  readonly clock: Clock
}

/** A queue of 100,000 songs fits. */
const BODY_BYTES = 2 * 1024 * 1024

/** `/api/queue`: the one saved queue of a user, which the Subsonic API reads and writes too. */
export function queueRoutes(services: QueueRouteServices): readonly Route[] {
  const { gate, playQueues, details, scopes, clock } = services
  const on = (method: string, handler: UserRouteHandler): Route => ({
    method,
    path: '/api/queue',
    handler: gate.requireLogin(namingFields(handler)),
  })
  return [
    on('GET', async (_request, _params, user) => {
      const viewer = await scopes.viewer(user, 'browse')
      const queue = playQueues.find(viewer)
      const changedAt = queue ? new Date(queue.changedAt).toISOString() : null
      const fields = {
        id: queue ? encodeId('user', user.id) : '',
        userId: encodeId('user', user.id),
        current: queue?.currentIndex ?? 0,
        position: queue?.positionMs ?? 0,
        changedBy: queue?.changedBy ?? '',
        createdAt: changedAt,
        updatedAt: changedAt,
      }
      const items = songRecords(details, viewer, queue?.songs ?? [], { serverPaths: user.isAdmin })
      return objectWithList(fields, 'items', items)
    }),

    on('POST', async (request, _params, user) => {
      const { ids = [], current = 0, position = 0 } = payloadOf(await jsonObject(request, BODY_BYTES))
      const queue = placeInQueue(ids, current)
      if (!queue) throw outOfBounds()
      if (queue.songs.length === 0) playQueues.clear(user.id)
      else
        playQueues.save(user.id, {
          ...queue,
          positionMs: position,
          changedBy: originOf(request).client,
          changedAt: clock.now(),
        })
      return noContent()
    }),

    on('PUT', async (request, _params, user) => {
      const { ids, current, position } = payloadOf(await jsonObject(request, BODY_BYTES))
      const viewer = await scopes.viewer(user, 'browse')
      const change = { changedBy: originOf(request).client, changedAt: clock.now() }
      if (ids === undefined) {
        if (current === undefined && position === undefined) return noContent()
        const to = {
          ...change,
          ...(current === undefined ? {} : { currentIndex: current }),
          ...(position === undefined ? {} : { positionMs: position }),
        }
        if (!playQueues.move(viewer, to)) throw outOfBounds()
        return noContent()
      }
      const before = playQueues.find(viewer)
      const queue = placeInQueue(ids, current ?? Math.min(before?.currentIndex ?? 0, Math.max(0, ids.length - 1)))
      if (!queue) throw outOfBounds()
      const { songs, currentIndex } = queue
      if (songs.length === 0) {
        playQueues.clear(user.id)
        return noContent()
      }
      const plays = before?.songIds[before.currentIndex]
      const positionMs = position ?? (songs[currentIndex] === plays ? before?.positionMs : 0) ?? 0
      playQueues.save(user.id, { songs, currentIndex, positionMs, ...change })
      return noContent()
    }),

    on('DELETE', (_request, _params, user) => {
      playQueues.clear(user.id)
      return noContent()
    }),
  ]
}

interface Payload {
  /** Undefined for what is no id of a song. */
  readonly ids: readonly (SongId | undefined)[] | undefined
  readonly current: number | undefined
  /** ms */
  readonly position: number | undefined
}

function payloadOf(body: Readonly<Record<string, unknown>>): Payload {
  const current = wholeNumber(body, 'current')
  const position = wholeNumber(body, 'position')
  const ids = body.ids ?? undefined
  if (ids === undefined) return { ids, current, position: position && Math.max(0, position) }
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) throw invalidField('ids', 'a list of song ids')
  return { ids: ids.map((id) => decodeIdOf('song', id)), current, position: position && Math.max(0, position) }
}

/** Players count in fractions, too. */
function wholeNumber(body: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = body[name] ?? undefined
  if (value === undefined) return undefined
  const whole = typeof value === 'number' ? Math.round(value) : Number.NaN
  if (!Number.isSafeInteger(whole)) throw invalidField(name, 'a whole number')
  return whole
}

function outOfBounds(): AppError {
  return new AppError('BAD_REQUEST', 'current index out of bounds')
}
