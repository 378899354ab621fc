import { AppError } from '../../base/errors.ts'
import type { Permission, RouteHandler, RouteOptions, Routes } from '../api.ts'
import type { Generation } from '../generation.ts'
import type { RouteMethod } from '../registrations.ts'

const MIB = 1024 * 1024
const DEFAULT_TIMEOUT_MS = 30_000
const MAX_TIMEOUT_MS = 600_000

/** Roots that belong to the core. */
const RESERVED = /^\/(rest|plugins|ping|robots\.txt|auth|api\/plugin)(\/|$)/

export function createRouteFacade(generation: Generation, granted: ReadonlySet<Permission>): Routes {
  const add =
    (method: RouteMethod) =>
    (path: string, handler: RouteHandler, options: RouteOptions = {}) => {
      generation.assertOpen()
      const auth = options.auth ?? 'user'
      if (!path.startsWith('/')) throw new AppError('BAD_REQUEST', `the path of a route begins with '/': ${path}`)
      need(generation, granted, auth === 'public' ? 'routes:public' : 'routes', `${method} ${path}`)
      if (options.root) {
        need(generation, granted, 'routes:root', `${method} ${path}`)
        if (RESERVED.test(path) || path === '/')
          throw new AppError('PERMISSION_DENIED', `${path} belongs to the server`)
      }
      return generation.registrations.add('route', {
        method,
        path: options.root ? path : `/plugins/${generation.plugin}${path === '/' ? '' : path}`,
        handler,
        auth,
        bodyLimit: Math.min(options.bodyLimit ?? MIB, 64 * MIB),
        timeoutMs: Math.min(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS),
      })
    }
  return { get: add('GET'), post: add('POST'), put: add('PUT'), patch: add('PATCH'), delete: add('DELETE') }
}

function need(generation: Generation, granted: ReadonlySet<Permission>, permission: Permission, what: string): void {
  if (granted.has(permission)) return
  throw new AppError('PERMISSION_DENIED', `${generation.plugin}: ${what} needs the permission ${permission}`)
}
