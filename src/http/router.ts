import { METHODS } from 'node:http'
import createTree, { type HTTPMethod, type Instance } from 'find-my-way'
import { AppError } from '../base/errors.ts'
import { errorReply } from './reply.ts'
import type { HttpHandler, HttpReply, HttpRequest } from './types.ts'

export type RouteParams = Readonly<Record<string, string>>
export type RouteHandler = (request: HttpRequest, params: RouteParams) => HttpReply | Promise<HttpReply>

export interface Route {
  /** Upper case. `GET` answers HEAD too; `ANY` takes every method that no other route of the path takes. */
  readonly method: string
  /** `/api/albums/:id`, `/rest/:method`, `/files/*`. */
  readonly path: string
  /** `/REST/Ping` finds `/rest/:method`; parameters keep their case. */
  readonly ignoreCase?: boolean
  /** Stands back where another route has the same method and path. */
  readonly yields?: true
  readonly handler: RouteHandler
  /** Keeps what the handler needs from going away until the answer's `release`. */
  readonly hold?: () => () => void
}

/** A request whose route was found, and is kept whatever is swapped meanwhile. */
export interface Begun {
  readonly handler: HttpHandler
  /** Once, when the handler has answered or won't be called. */
  release(): void
}

export interface Router {
  readonly handle: HttpHandler
  /** For those who ask a gate before the route answers: both must be of one moment. */
  begin(request: HttpRequest): Begun
  /** Replaces the whole table at once. Throws CONFLICT, and changes nothing, when two routes are the same. */
  swap(routes: readonly Route[]): void
}

interface Found {
  readonly route: Route
  /** Of all requests with the same path: not to be changed. */
  readonly params: RouteParams
}

/** Short paths that are asked for again and again; when there are so many, remembering begins anew. */
const MAX_REMEMBERED = 256
const MAX_REMEMBERED_LENGTH = 64

/** Longer parameters are no ids of anybody: 404. */
const MAX_PARAM_LENGTH = 2048

/** Answers 404 for unknown paths and 405 with `Allow` for unknown methods. A table is never changed, only replaced. */
export function createRouter(routes: readonly Route[]): Router {
  let table = new RouteTable(routes)
  return {
    handle: (request) => table.handle(request),
    begin: (request) => table.begin(request),
    swap: (next) => {
      table = new RouteTable(next)
    },
  }
}

class RouteTable {
  readonly #exact = newTree(true)
  readonly #folded = newTree(false)
  /** ANY routes lie under a method that nothing else here uses; requests never reach it by name. */
  static readonly #any: HTTPMethod = 'UNBIND'
  readonly #methods: readonly string[]
  /** By method and path: looking through the trees costs as much as the rest of a small answer. */
  readonly #remembered = new Map<string, Map<string, Found>>()
  #count = 0

  constructor(routes: readonly Route[]) {
    const methods = new Set<string>()
    const firm = new Set(routes.filter((route) => !route.yields).map(({ method, path }) => `${method} ${path}`))
    for (const route of routes) {
      if (route.yields && firm.has(`${route.method} ${route.path}`)) continue
      const method = route.method === 'ANY' ? RouteTable.#any : route.method
      if (route.method === RouteTable.#any || !METHODS.includes(method)) {
        throw new AppError('CONFLICT', `${route.method} is no method that a route can have`)
      }
      if (route.method !== 'ANY') methods.add(method)
      try {
        const tree = route.ignoreCase ? this.#folded : this.#exact
        tree.on(method as HTTPMethod, route.path, () => {}, route)
      } catch (cause) {
        throw new AppError(
          'CONFLICT',
          `The route ${route.method} ${route.path} is there twice, or its path is invalid`,
          {
            cause,
          },
        )
      }
    }
    this.#methods = [...methods]
  }

  handle(request: HttpRequest): HttpReply | Promise<HttpReply> {
    const found = this.#routeOf(request)
    return found ? found.route.handler(request, found.params) : this.#refuse(request)
  }

  begin(request: HttpRequest): Begun {
    const found = this.#routeOf(request)
    if (!found) return { handler: () => this.#refuse(request), release: () => {} }
    const release = found.route.hold?.() ?? (() => {})
    return { handler: (asked) => found.route.handler(asked, found.params), release }
  }

  #routeOf(request: HttpRequest): Found | undefined {
    const { method, path } = request
    return this.#remembered.get(method)?.get(path) ?? this.#search(method, path)
  }

  #search(asked: string, plain: string): Found | undefined {
    const path = escapeForTree(plain)
    const method = asked === RouteTable.#any ? '' : asked
    const found =
      this.#find(method, path) ??
      (method === 'HEAD' ? this.#find('GET', path) : undefined) ??
      this.#find(RouteTable.#any, path)
    if (found && plain.length <= MAX_REMEMBERED_LENGTH) this.#remember(asked, plain, found)
    return found
  }

  #remember(method: string, path: string, found: Found): void {
    if (++this.#count > MAX_REMEMBERED) {
      this.#remembered.clear()
      this.#count = 1
    }
    const paths = this.#remembered.get(method) ?? new Map<string, Found>()
    this.#remembered.set(method, paths.set(path, found))
  }

  #refuse(request: HttpRequest): HttpReply {
    const path = escapeForTree(request.path)
    const allowed = this.#methods.filter((other) => this.#find(other, path))
    if (allowed.length === 0) return errorReply(new AppError('NOT_FOUND', 'Nothing is served at this address'))
    if (allowed.includes('GET')) allowed.push('HEAD')
    const reply = errorReply(new AppError('BAD_REQUEST', `This address takes only ${allowed.join(', ')}`))
    return { ...reply, status: 405, headers: { ...reply.headers, allow: allowed.join(', ') } }
  }

  #find(method: string, path: string): Found | undefined {
    const found = this.#exact.find(method as HTTPMethod, path) ?? this.#folded.find(method as HTTPMethod, path)
    return found ? { route: found.store as Route, params: found.params as RouteParams } : undefined
  }
}

function newTree(caseSensitive: boolean): Instance<never> {
  return createTree({ caseSensitive, ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH })
}

/** The tree expects a path as it came from the wire and decodes it; ours is decoded already. */
function escapeForTree(path: string): string {
  return /[%?#;]/.test(path) ? path.replace(/[%?#;]/g, encodeURIComponent) : path
}
