import type { SecretCheck } from '../../auth/secret-check.ts'
import { AppError } from '../../base/errors.ts'
import type { LiveOptions } from '../api/live-api.ts'
import type { Permission } from '../api/permission-api.ts'
import type { RouteHandler, RouteOptions, Routes } from '../api/route-api.ts'
import type { Generation } from '../host/generation.ts'
import type { RouteMethod } from '../host/registrations.ts'
import type { MediaLeases } from '../routes/media-leases.ts'

const MIB = 1024 * 1024
const KIB = 1024
const DEFAULT_TIMEOUT_MS = 30_000
const MAX_TIMEOUT_MS = 600_000

/** First segments of paths that belong to the core, in lower case: `/rest` is found in any. */
const RESERVED = new Set(['rest', 'plugins', 'ping', 'robots.txt', 'auth', 'api'])
const LITERAL = /^[A-Za-z0-9._~!$&'+,=@-]+$/
const PARAMETER = /^:[A-Za-z][A-Za-z0-9_]*$/

export interface RouteFacadeServices {
  readonly leases: MediaLeases
  readonly checkSecret: SecretCheck
}

export function createRouteFacade(
  generation: Generation,
  granted: ReadonlySet<Permission>,
  { leases, checkSecret }: RouteFacadeServices,
): Routes {
  /** Path and rights of a route, checked. */
  const place = (what: string, path: string, { handler, options }: Placed) => {
    generation.assertOpen()
    const auth = options.auth ?? 'user'
    if (auth !== 'user' && auth !== 'admin' && auth !== 'public')
      throw new AppError('BAD_REQUEST', `${what}: auth is user, admin or public`)
    if (typeof handler !== 'function') throw new AppError('BAD_REQUEST', `${what} needs a handler`)
    assertPath(path)
    need(generation, granted, auth === 'public' ? 'routes:public' : 'routes', what)
    if (options.root) {
      need(generation, granted, 'routes:root', what)
      assertRoot(path)
    }
    const whole = options.root ? path : `/plugins/${generation.plugin}${path === '/' ? '' : path}`
    return { path: whole, root: options.root === true, auth }
  }
  const live = (what: string, path: string, { handler, options }: Placed<LiveOptions>) => ({
    ...place(what, path, { handler, options }),
    bodyLimit: 0 as const,
    maxBuffered: atMost(options.maxBuffered ?? 64 * KIB, MIB),
    maxMessage: atMost(options.maxMessage ?? 16 * KIB, 64 * KIB),
  })
  const add =
    (method: RouteMethod) =>
    (path: string, handler: RouteHandler, options: RouteOptions = {}) => {
      const placed = place(`${method} ${path}`, path, { handler, options })
      return generation.registrations.add('route', {
        ...placed,
        method,
        handler,
        apiKeys: options.apiKeys !== false,
        yields: options.yields === true,
        bodyLimit: atMost(options.bodyLimit ?? MIB, 64 * MIB),
        timeoutMs: atMost(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS),
      })
    }
  return {
    get: add('GET'),
    post: add('POST'),
    put: add('PUT'),
    patch: add('PATCH'),
    delete: add('DELETE'),
    socket: (path, handler, options = {}) =>
      generation.registrations.add('socket', { ...live(`socket ${path}`, path, { handler, options }), handler }),
    events: (path, handler, options = {}) =>
      generation.registrations.add('events', { ...live(`events ${path}`, path, { handler, options }), handler }),
    checkSecret: async ({ address, client }, check) => {
      generation.assertOpen()
      return checkSecret({ address: String(address), client: String(client) }, generation.plugin, check)
    },
    endMedia: (lease) => {
      generation.assertOpen()
      return leases.end(generation.plugin, String(lease))
    },
    runningMedia: () => {
      generation.assertOpen()
      return leases.keys(generation.plugin)
    },
  }
}

interface Placed<O extends Pick<RouteOptions, 'auth' | 'root'> = Pick<RouteOptions, 'auth' | 'root'>> {
  readonly handler: unknown
  readonly options: O
}

/** Segments are literal or one parameter; a star stands for the rest. So two paths are the same, or they are not. */
function assertPath(path: unknown): asserts path is string {
  if (path === '/') return
  const segments = typeof path === 'string' && path.startsWith('/') ? path.slice(1).split('/') : []
  const valid = segments.every(
    (segment, index) =>
      PARAMETER.test(segment) || (segment === '*' ? index === segments.length - 1 : LITERAL.test(segment)),
  )
  if (segments.length === 0 || !valid || segments.some((segment) => segment === '.' || segment === '..'))
    throw new AppError('BAD_REQUEST', `${String(path)} is no path of a route; examples: /list, /item/:id, /files/*`)
}

/** A root path begins with a word of its own, so that it stands in nobody's way. */
export function assertRoot(path: string): void {
  const [first = '', second = ''] = path.slice(1).split('/')
  const api = first.toLowerCase() === 'api'
  const own = api
    ? LITERAL.test(second) && second.toLowerCase() !== 'plugin'
    : LITERAL.test(first) && !RESERVED.has(first.toLowerCase())
  if (!own || (api && first !== 'api')) throw new AppError('PERMISSION_DENIED', `${path} belongs to the server`)
}

function atMost(value: number, most: number): number {
  return Number.isFinite(value) && value > 0 ? Math.min(value, most) : most
}

export function need(
  generation: Generation,
  granted: ReadonlySet<Permission>,
  permission: Permission,
  what: string,
): void {
  if (granted.has(permission)) return
  throw new AppError('PERMISSION_DENIED', `${generation.plugin}: ${what} needs the permission ${permission}`)
}
