import type { HookBus } from '../hooks/hook-bus.ts'
import type { RequestInfo } from '../hooks/hooks.ts'
import { ALLOW } from '../hooks/kinds.ts'
import type { FinishedRequest } from './adapter-options.ts'
import { checkHeaders } from './header-check.ts'
import { json } from './reply.ts'
import type { Headers, HttpHandler, HttpReply, HttpRequest } from './types.ts'

/**
 * Open to whoever may use it also while the plugin that guards all requests does not run: otherwise one that fails could be
 * repaired on the server's own machine only.
 */
const REPAIR = /^\/(ping|auth\/login|api\/plugin(\/.*)?)$/

/** How a request is begun of which a gate is asked first: its route must be of the same moment as the gate. */
export type Begin = (request: HttpRequest) => { readonly handler: HttpHandler; release(): void }

/**
 * Asks `request.accept` before a request is handled and lets `response.headers` change the reply's. A plain call when
 * nobody listens.
 */
export function withRequestHooks(
  handler: HttpHandler,
  hooks: HookBus,
  begin: Begin = () => ({ handler, release: () => {} }),
): HttpHandler {
  return (request) => {
    const guarded = hooks.has('request.accept')
    const dressed = hooks.has('response.headers')
    if (!guarded && !dressed) return handler(request)
    return answer(request)
  }

  async function answer(request: HttpRequest): Promise<HttpReply> {
    const begun = begin(request)
    try {
      const repair = hooks.isShut('request.accept') && REPAIR.test(request.path)
      const verdict = repair ? ALLOW : await hooks.guard('request.accept', requestInfo(request))
      const reply = verdict.allow
        ? await begun.handler(request)
        : json(verdict.status ?? 403, { error: verdict.reason }, { 'cache-control': 'no-store' })
      if (!hooks.has('response.headers')) return reply
      const headers = await hooks.transform('response.headers', reply.headers)
      return { ...reply, headers: usable(headers, reply.headers) }
    } finally {
      begun.release()
    }
  }
}

/** Headers that plugins made, in lower case; one that can't be sent leaves the reply as it was. */
function usable(made: Headers, before: Headers): Headers {
  const headers = Object.fromEntries(Object.entries(made).map(([name, value]) => [name.toLowerCase(), value]))
  try {
    checkHeaders(headers)
    return headers
  } catch {
    return before
  }
}

/** Tells `request.finished`; for the adapter's `onFinished`. */
export function tellFinished(hooks: HookBus, { request, status, bytes, durationMs }: FinishedRequest): void {
  if (!hooks.has('request.finished')) return
  const { id, method, path, address, client } = requestInfo(request)
  hooks.observe('request.finished', { id, method, path, address, client, status, bytes, durationMs })
}

const MAX_CLIENT = 100

function requestInfo({ id, method, path, address, query, headers }: HttpRequest): RequestInfo {
  const client = clientParameter(query) ?? headers['user-agent']?.split(/[\s/]/, 1)[0] ?? ''
  return { id, method, path, address, client: client.slice(0, MAX_CLIENT) }
}

function clientParameter(query: string): string | undefined {
  const found = /(?:^|&)(?:c|%63)=([^&]*)/.exec(query)
  if (!found) return undefined
  const [pair, value = ''] = found
  return /[%+]/.test(pair) ? (new URLSearchParams(pair).get('c') ?? undefined) : value
}
