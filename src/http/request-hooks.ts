import type { HookBus } from '../hooks/hook-bus.ts'
import type { RequestInfo } from '../hooks/hooks.ts'
import type { FinishedRequest } from './adapter-options.ts'
import { json } from './reply.ts'
import type { HttpHandler, HttpReply, HttpRequest } from './types.ts'

/**
 * Asks `request.accept` before a request is handled and lets `response.headers` change the reply's. A plain call when
 * nobody listens.
 */
export function withRequestHooks(handler: HttpHandler, hooks: HookBus): HttpHandler {
  return (request) => {
    const guarded = hooks.has('request.accept')
    const dressed = hooks.has('response.headers')
    if (!guarded && !dressed) return handler(request)
    return answer(request)
  }

  async function answer(request: HttpRequest): Promise<HttpReply> {
    const verdict = await hooks.guard('request.accept', requestInfo(request))
    const reply = verdict.allow
      ? await handler(request)
      : json(verdict.status ?? 403, { error: verdict.reason }, { 'cache-control': 'no-store' })
    return hooks.has('response.headers')
      ? { ...reply, headers: await hooks.transform('response.headers', reply.headers) }
      : reply
  }
}

/** Tells `request.finished`; for the adapter's `onFinished`. */
export function tellFinished(hooks: HookBus, { request, status, bytes, durationMs }: FinishedRequest): void {
  if (!hooks.has('request.finished')) return
  hooks.observe('request.finished', { ...requestInfo(request), status, bytes, durationMs })
}

const MAX_CLIENT = 100

function requestInfo({ id, method, path, address, query, headers }: HttpRequest): RequestInfo {
  const client = new URLSearchParams(query).get('c') ?? headers['user-agent']?.split(/[\s/]/)[0] ?? ''
  return { id, method, path, address, client: client.slice(0, MAX_CLIENT) }
}
