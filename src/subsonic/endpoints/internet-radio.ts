import { AppError } from '../../base/errors.ts'
import { encodeId } from '../../base/ids.ts'
import { isWebAddress } from '../../base/web-address.ts'
import type { Call } from '../call.ts'
import { type Endpoint, tree } from '../endpoint.ts'
import { invalid, type Params } from '../params.ts'
import { inView } from '../responses/rendering.ts'

/** Stations belong to the server, not to a library: everybody sees all of them. */
export const internetRadioEndpoints: readonly Endpoint[] = [
  tree('getInternetRadioStations', ({ services, rendering }: Call) => ({
    internetRadioStations: {
      internetRadioStation: services.repositories.radios.list().map((station) =>
        inView(
          'radio',
          {
            id: encodeId('radio', station.id),
            name: station.name,
            streamUrl: station.streamUrl,
            homePageUrl: station.homePageUrl,
          },
          rendering.view,
        ),
      ),
    },
  })),

  tree(
    'createInternetRadioStation',
    ({ services, params }) => {
      services.repositories.radios.create(stationOf(params), services.clock.now())
      return {}
    },
    { needs: 'admin' },
  ),

  tree(
    'updateInternetRadioStation',
    ({ services, params }) => {
      const id = params.idOf('radio', 'id')
      const known = services.repositories.radios.update(id, stationOf(params), services.clock.now())
      if (!known) throw new AppError('NOT_FOUND', 'Radio station not found.')
      return {}
    },
    { needs: 'admin' },
  ),

  tree(
    'deleteInternetRadioStation',
    ({ services, params }) => {
      const known = services.repositories.radios.remove(params.idOf('radio', 'id'))
      if (!known) throw new AppError('NOT_FOUND', 'Radio station not found.')
      return {}
    },
    { needs: 'admin' },
  ),
]

function stationOf(params: Params) {
  const name = params.string('name')
  const streamUrl = webAddress('streamUrl', params.string('streamUrl'))
  const homePage = params.optional('homepageUrl') ?? params.optional('homePageUrl')
  return { name, streamUrl, homePageUrl: homePage === undefined ? '' : webAddress('homepageUrl', homePage) }
}

function webAddress(name: string, text: string): string {
  return isWebAddress(text) ? text : invalid(name, 'an http or https address')
}
