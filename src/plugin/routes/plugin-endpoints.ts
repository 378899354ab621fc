import { AppError, isAppError } from '../../base/errors.ts'
import type { Role } from '../../library/entities.ts'
import type { Call } from '../../subsonic/call.ts'
import type { Subsonic } from '../../subsonic/create-subsonic.ts'
import { type Endpoint, tree } from '../../subsonic/endpoint.ts'
import { buildTable } from '../../subsonic/endpoint-table.ts'
import { asTree } from '../../subsonic/tree.ts'
import type { SubsonicParams, SubsonicRequest } from '../api/subsonic-api.ts'
import { LinkedAbort } from '../containment/linked-abort.ts'
import { toPublicUser } from '../facades/viewers.ts'
import type { HostTables, Owned } from '../host/host-tables.ts'
import type { PluginHost } from '../host/plugin-host.ts'
import type { EndpointRegistration } from '../host/registrations.ts'

/** Longest time for an answer of a plugin's endpoint: clients give up sooner. */
const DEADLINE_MS = 30_000

/**
 * Gives the endpoints and extensions of the tables to the Subsonic room, all at once. One that stands in the way of the
 * core's own is left out, the others are taken. @returns a sentence for each that was left out.
 */
export function swapEndpoints(
  subsonic: Pick<Subsonic, 'swapExtensions'>,
  host: Pick<PluginHost, 'call'>,
  tables: HostTables,
): readonly string[] {
  const refused: string[] = []
  const endpoints: Endpoint[] = []
  for (const registration of tables.endpoints) {
    const endpoint = toEndpoint(host, registration)
    if (isFree(endpoint)) endpoints.push(endpoint)
    else refused.push(`the Subsonic endpoint ${endpoint.name} of ${registration.generation.plugin} is the server's own`)
  }
  for (const { name, retryAfter } of tables.unavailableEndpoints) {
    const endpoint = awayEndpoint(name, retryAfter)
    if (isFree(endpoint)) endpoints.push(endpoint)
  }
  const extensions = tables.extensions.map(({ name, versions }) => ({ name, versions }))
  subsonic.swapExtensions({ endpoints, extensions })
  return refused
}

function isFree(endpoint: Endpoint): boolean {
  try {
    buildTable({ endpoints: [endpoint], extensions: [] })
    return true
  } catch (error) {
    if (isAppError(error) && error.code === 'CONFLICT') return false
    throw error
  }
}

function toEndpoint(host: Pick<PluginHost, 'call'>, registration: Owned<EndpointRegistration>): Endpoint {
  const { name, role, generation, handler } = registration
  const handle = async (call: Call) => {
    const abort = new LinkedAbort(
      () => call.request.signal,
      () => generation.goneSignal,
    )
    try {
      return await host.call(generation, `endpoint ${name}`, DEADLINE_MS, async ({ signal }) => {
        abort.follow(signal)
        return asTree(await handler(toRequest(call, abort)))
      })
    } finally {
      abort.dispose()
    }
  }
  return tree(name, handle, {
    hold: () => generation.hold(),
    ...(role === undefined ? {} : { needs: role as 'admin' | Role }),
  })
}

/** Of a plugin that should run and does not. */
function awayEndpoint(name: string, retryAfter: number): Endpoint {
  return tree(name, () => {
    throw new AppError('UNAVAILABLE', 'This part of the server is not running now. Try again in a moment.', {
      retryAfter,
    })
  })
}

function toRequest({ request, params, client, user }: Call, abort: LinkedAbort): SubsonicRequest {
  const { id, method, path, address, origin } = request
  return {
    id,
    method,
    path,
    address,
    origin,
    client,
    user: toPublicUser(user),
    params: toPluginParams(params),
    get signal() {
      return abort.signal
    },
  }
}

/** Getters only: what a plugin may not read (passwords, tokens) is not there. */
function toPluginParams(params: Call['params']): SubsonicParams {
  const readable = (key: string) => {
    if (SECRET.has(key)) throw new AppError('PERMISSION_DENIED', `the parameter ${key} is not for plugins`)
    return key
  }
  return {
    string: (key) => params.string(readable(key)),
    optional: (key) => params.optional(readable(key)),
    all: (key) => params.all(readable(key)),
    integer: (key, ...fallback) =>
      fallback.length > 0 ? params.integer(key, fallback[0] as number) : params.integer(key),
    boolean: (key, ...fallback) =>
      fallback.length > 0 ? params.boolean(key, fallback[0] as boolean) : params.boolean(key),
  }
}

const SECRET = new Set(['p', 't', 's', 'apiKey', 'jwt'])
