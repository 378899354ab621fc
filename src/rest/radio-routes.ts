import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/errors.ts'
import { decodeIdOf, encodeId, type RadioId } from '../base/ids.ts'
import { isWebAddress } from '../base/web-address.ts'
import { json } from '../http/reply.ts'
import type { Route } from '../http/router.ts'
import type { RadioStation } from '../library/entities.ts'
import type { RadioRepository } from '../library/radio-repository.ts'
import { invalidField, namingFields, requiredText, textField } from './body-fields.ts'
import { jsonObject } from './json-body.ts'
import { listPage, readListQuery } from './list-query.ts'
import type { NativeGate } from './native-gate.ts'

export interface RadioRouteServices {
  readonly gate: NativeGate
  readonly radios: RadioRepository
  readonly clock: Clock
}

const BODY_BYTES = 64 * 1024

/** `/api/radio`: the stations of the server. Everybody sees all of them, administrators change them. */
export function radioRoutes({ gate, radios, clock }: RadioRouteServices): readonly Route[] {
  const known = (id: string | undefined): RadioStation => {
    const key = decodeIdOf('radio', id ?? '')
    const station = key === undefined ? undefined : radios.find(key)
    if (!station) throw notFound()
    return station
  }
  const change = { admin: true } as const
  return [
    {
      method: 'GET',
      path: '/api/radio',
      handler: gate.requireLogin((request) => {
        const query = readListQuery(new URLSearchParams(request.query))
        const filters = new Map(query.filters)
        const names = filters.get('name')?.map((name) => name.toLowerCase())
        filters.delete('name')
        const stations = radios
          .list()
          .filter(({ name }) => names?.some((part) => name.toLowerCase().includes(part)) ?? true)
        const { items, total } = listPage(stations.map(radioBody), { ...query, filters })
        return json(200, items, { 'x-total-count': String(total) })
      }),
    },
    {
      method: 'GET',
      path: '/api/radio/:id',
      handler: gate.requireLogin((_request, { id }) => json(200, radioBody(known(id)))),
    },
    {
      method: 'POST',
      path: '/api/radio',
      handler: gate.requireLogin(
        namingFields(async (request) => {
          const body = await jsonObject(request, BODY_BYTES)
          const id = radios.create(stationOf(body, { name: '', streamUrl: '', homePageUrl: '' }), clock.now())
          return json(200, { id: encodeId('radio', id) })
        }),
        change,
      ),
    },
    {
      method: 'PUT',
      path: '/api/radio/:id',
      handler: gate.requireLogin(
        namingFields(async (request, { id }) => {
          const body = await jsonObject(request, BODY_BYTES)
          // Read after the body came: what another changed meanwhile stays.
          const before = known(id)
          radios.update(before.id, stationOf(body, before), clock.now())
          return json(200, radioBody(known(id)))
        }),
        change,
      ),
    },
    {
      method: 'DELETE',
      path: '/api/radio/:id',
      handler: gate.requireLogin((_request, { id = '' }) => {
        const key: RadioId | undefined = decodeIdOf('radio', id)
        if (key === undefined || !radios.remove(key)) throw notFound()
        return json(200, {})
      }, change),
    },
  ]
}

type Station = Pick<RadioStation, 'name' | 'streamUrl' | 'homePageUrl'>

/** What the body does not name stays as it was. */
function stationOf(body: Readonly<Record<string, unknown>>, before: Station): Station {
  const all = { ...before, ...defined(body) }
  const [name, streamUrl, homePageUrl] = [
    requiredText(all, 'name'),
    requiredText(all, 'streamUrl'),
    textField(all, 'homePageUrl') ?? '',
  ]
  if (!isWebAddress(streamUrl)) throw invalidField('streamUrl', 'an http or https address')
  if (homePageUrl !== '' && !isWebAddress(homePageUrl)) throw invalidField('homePageUrl', 'an http or https address')
  return { name, streamUrl, homePageUrl }
}

function defined(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null && value !== undefined))
}

function radioBody(station: RadioStation) {
  return {
    id: encodeId('radio', station.id),
    name: station.name,
    streamUrl: station.streamUrl,
    homePageUrl: station.homePageUrl,
    createdAt: new Date(station.createdAt).toISOString(),
    updatedAt: new Date(station.updatedAt).toISOString(),
  }
}

function notFound(): AppError {
  return new AppError('NOT_FOUND', 'Radio station not found.')
}
