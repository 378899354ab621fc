import createTree, { type HTTPMethod, type Instance } from 'find-my-way'
import { AppError } from '../base/errors.ts'
import { missingPage, wantsPage } from './plain-page.ts'
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

/** ANY routes lie under a method that nothing else here uses; requests never reach it by name. */
const ANY: HTTPMethod = 'UNBIND'
const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

class RouteTable {
  /** By the first segment of their paths, in lower case; those that begin with a parameter or a star by none. */
  readonly #parts = new Map<string | undefined, TablePart>()
  readonly #methods: readonly string[]
  /** By method and path: looking through the trees costs as much as the rest of a small answer. */
  readonly #remembered = new Map<string, Map<string, Found>>()
  #count = 0

  constructor(routes: readonly Route[]) {
    const methods = new Set<string>()
    const taken = new Set<string>()
    const firm = new Set(routes.filter((route) => !route.yields).map(({ method, path }) => `${method} ${path}`))
    for (const route of routes) {
      if (route.yields && firm.has(`${route.method} ${route.path}`)) continue
      if (route.method !== 'ANY' && !METHODS.includes(route.method)) {
        throw new AppError('CONFLICT', `${route.method} is no method that a route can have`)
      }
      const place = placeOf(route)
      if (place === undefined || taken.has(place)) {
        throw new AppError('CONFLICT', `The route ${route.method} ${route.path} is there twice, or its path is invalid`)
      }
      taken.add(place)
      if (route.method !== 'ANY') methods.add(route.method)
      const first = firstSegment(route.path)
      const key = /^[:*]/.test(first) ? undefined : first
      const part = this.#parts.get(key) ?? new TablePart()
      this.#parts.set(key, part)
      part.routes.push(route)
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
    const method = asked === ANY ? '' : asked
    const found =
      this.#find(method, plain) ?? (method === 'HEAD' ? this.#find('GET', plain) : undefined) ?? this.#find(ANY, plain)
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
    const allowed = this.#methods.filter((other) => this.#find(other, request.path))
    const page = wantsPage(request) ? missingPage(request) : undefined
    if (allowed.length === 0) return page ?? errorReply(new AppError('NOT_FOUND', 'Nothing is served at this address'))
    if (allowed.includes('GET')) allowed.push('HEAD')
    const reply = page ?? errorReply(new AppError('BAD_REQUEST', `This address takes only ${allowed.join(', ')}`))
    return { ...reply, status: 405, headers: { ...reply.headers, allow: allowed.join(', ') } }
  }

  #find(method: string, plain: string): Found | undefined {
    const path = escapeForTree(plain)
    return this.#parts.get(firstSegment(plain))?.find(method, path) ?? this.#parts.get(undefined)?.find(method, path)
  }
}

/** Some routes of a table. The trees are made when the first of them is looked for: most are never, before the next swap. */
class TablePart {
  readonly routes: Route[] = []
  #trees: { readonly exact: Instance<never>; readonly folded: Instance<never> } | undefined

  find(method: string, path: string): Found | undefined {
    this.#trees ??= this.#plant()
    const { exact, folded } = this.#trees
    const found = exact.find(method as HTTPMethod, path) ?? folded.find(method as HTTPMethod, path)
    return found ? { route: found.store as Route, params: found.params as RouteParams } : undefined
  }

  #plant() {
    const trees = { exact: newTree(true), folded: newTree(false) }
    for (const route of this.routes) {
      const method = route.method === 'ANY' ? ANY : (route.method as HTTPMethod)
      const tree = route.ignoreCase ? trees.folded : trees.exact
      tree.on(method, route.path, () => {}, route)
    }
    return trees
  }
}

const firstSegment = (path: string): string => path.split('/', 2)[1]?.toLowerCase() ?? ''

/**
 * Two routes of the same place are the same one: names of parameters and a slash at the end make no difference. Undefined for
 * an invalid path. Segments are literal, one parameter, or at the end a star for the rest, which may follow a literal slash.
 */
function placeOf({ method, path, ignoreCase }: Route): string | undefined {
  if (!/^\/(?:(?::\w+|[^/:*]+)(?:\/|$))*\*?$/.test(path)) return undefined
  const shape = path.replace(/:[^/]+/g, ':').replace(/(.)\/$/, '$1')
  return `${method} ${ignoreCase ? `folded ${shape.toLowerCase()}` : shape}`
}

function newTree(caseSensitive: boolean): Instance<never> {
  return createTree({ caseSensitive, ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH })
}

/** The tree expects a path as it came from the wire and decodes it; ours is decoded already. */
function escapeForTree(path: string): string {
  return /[%?#;]/.test(path) ? path.replace(/[%?#;]/g, encodeURIComponent) : path
}
