import type { Credentials, Identity } from '../auth/authenticator.ts'
import { assertNotByKey } from '../auth/key-limits.ts'
import { andThen } from '../base/at-once.ts'
import { AppError, ERROR_CODES, isAppError } from '../base/errors.ts'
import type { Headers, HttpReply, HttpRequest } from '../http/types.ts'
import type { Endpoint } from './endpoint.ts'
import type { EndpointTable } from './endpoint-table.ts'
import { Params } from './params.ts'
import { type Envelope, type Format, XML } from './protocol.ts'
import { type RequestedFormat, requestedFormat, withForm } from './request-params.ts'
import { mayUse } from './responses/user.ts'
import { treeReply } from './serialize/reply.ts'
import type { SubsonicServices } from './services.ts'
import type { Tree } from './tree.ts'
import { UserCall } from './user-call.ts'

const PREFIX = '/rest/'

/** What is learned of a request on its way, for the failure's format and for the log. */
interface Progress {
  format: Format
  client: string
  user: string | undefined
}

interface Asked {
  readonly services: SubsonicServices
  readonly table: EndpointTable
  readonly request: HttpRequest
  /** From the first moment: what answers must not go away while the login is looked at. */
  readonly endpoint: Endpoint | undefined
  readonly progress: Progress
}

/**
 * Answers one request under `/rest/`, at once where nothing has to be waited for. Never throws or rejects: failures are
 * envelopes in the format asked for, with HTTP 200, since clients take any other status for a broken network. The
 * exceptions: 429 with Retry-After when the server is busy or a login is locked (asking again at once would be wrong, and
 * 4xx is retried by nobody), 405, and 501 for features that only a plugin brings (the status that clients take for 'not
 * supported'). Endpoints with `plainFailures` fail as HTTP does.
 */
export function dispatch(
  services: SubsonicServices,
  table: EndpointTable,
  request: HttpRequest,
): HttpReply | Promise<HttpReply> {
  const started = services.clock.monotonic()
  const endpoint = table.byName.get(methodOf(request.path).toLowerCase())
  const progress: Progress = { format: XML, client: '', user: undefined }
  const asked: Asked = { services, table, request, endpoint, progress }
  const release = endpoint?.auth === 'user' ? endpoint.hold?.() : undefined

  function answered(reply: HttpReply, code: string): HttpReply {
    release?.()
    services.log.debug('subsonic request', {
      request: request.id,
      endpoint: endpoint?.name,
      client: progress.client,
      user: progress.user,
      code,
      ms: Math.round((services.clock.monotonic() - started) * 10) / 10,
    })
    return reply
  }

  function failed(error: unknown): HttpReply {
    const failure = asAppError(asked, error)
    return answered(failedReply(asked, failure), failure.code)
  }

  let reply: HttpReply | Promise<HttpReply>
  try {
    reply = answer(asked)
  } catch (error) {
    return failed(error)
  }
  return reply instanceof Promise ? reply.then((made) => answered(made, 'ok'), failed) : answered(reply, 'ok')
}

function answer(asked: Asked): HttpReply | Promise<HttpReply> {
  const fromQuery = Params.parse(asked.request.query)
  const wish = requestedFormat(fromQuery)
  asked.progress.format = wish.format
  const { endpoint, request } = asked
  const ownsBody = endpoint?.auth === 'user' && endpoint.ownBody
  return andThen(ownsBody ? fromQuery : withForm(request, fromQuery), (params) =>
    answerTo(asked, params, params === fromQuery ? wish : requestedFormat(params)),
  )
}

function answerTo(asked: Asked, params: Params, { format, problem }: RequestedFormat): HttpReply | Promise<HttpReply> {
  const { services, request, progress, endpoint } = asked
  progress.format = format
  progress.client = (params.optional('c') ?? '').slice(0, 100)
  const only = endpoint?.auth === 'user' ? endpoint.method : undefined
  if (only === undefined ? !METHODS.has(request.method) : request.method !== only) {
    return failureReply(services, format, new AppError('BAD_REQUEST', `Use ${only ?? 'GET or POST'}.`), 405, {
      allow: only ?? 'GET, HEAD, POST',
    })
  }
  if (problem) throw problem
  if (!endpoint) {
    throw new AppError('UNSUPPORTED', `This server has no method '${methodOf(request.path).slice(0, 64)}'.`)
  }
  const { extensions } = asked.table
  const base = { services, request, params, client: progress.client, extensions }
  const ok = (payload: Tree) => treeReply(format, okEnvelope(services), payload)
  if (endpoint.auth === 'none') return andThen(endpoint.handle(base), ok)
  const origin = { address: request.address, client: progress.client }
  return andThen(services.authenticator.identify(credentialsOf(params), origin), (identity) => {
    progress.user = identity.user.name
    checkVersion(params)
    checkRight(endpoint, identity)
    if (endpoint.answers === 'absent') {
      return failureReply(services, format, new AppError('UNSUPPORTED', endpoint.reason), 501, {})
    }
    return andThen(services.scopes.viewer(identity.user, 'browse'), (viewer): HttpReply | Promise<HttpReply> => {
      const call = new UserCall(base, identity, viewer)
      if (endpoint.answers === 'tree') return andThen(endpoint.handle(call), ok)
      return andThen(endpoint.handle(call), (reply) => {
        if (reply.kind !== 'source') return reply
        return { ...reply, onError: (error) => failedReply(asked, asAppError(asked, error)) }
      })
    })
  })
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST'])

/** `/rest/getAlbumList2.view/` means `getAlbumList2`. */
function methodOf(path: string): string {
  const name = path.slice(PREFIX.length)
  return /[./]/.test(name) ? name.replace(/\/+$/, '').replace(/\.view$/i, '') : name
}

function credentialsOf(params: Params): Credentials {
  return {
    username: params.optional('u'),
    password: params.password('p'),
    token: params.optional('t'),
    salt: params.optional('s'),
    apiKey: params.optional('apiKey'),
  }
}

/** Only another major version is refused: clients name all sorts of minor ones, DSub 1.2.0 for ever. */
function checkVersion(params: Params): void {
  const major = /^(\d+)\./.exec(params.optional('v') ?? '')?.[1]
  if (major === undefined || major === '1') return
  if (major === '0') throw new AppError('CLIENT_TOO_OLD', 'This client speaks a version that is too old: update it.')
  throw new AppError('SERVER_TOO_OLD', 'This client speaks a version newer than this server knows.')
}

function checkRight(endpoint: Exclude<Endpoint, { auth: 'none' }>, { user, method }: Identity): void {
  const { needs, apiKeys } = endpoint
  if (apiKeys === false) assertNotByKey(method)
  if (needs === undefined || mayUse(user, needs)) return
  throw new AppError('FORBIDDEN', `User '${user.name}' may not do this: it needs the right '${needs}'.`)
}

const envelopes = new WeakMap<SubsonicServices, Envelope>()

/** One object for all answers, so that it is written once. */
function okEnvelope(services: SubsonicServices): Envelope {
  let envelope = envelopes.get(services)
  if (!envelope) {
    envelope = Object.freeze({ status: 'ok', serverVersion: services.settings.serverVersion })
    envelopes.set(services, envelope)
  }
  return envelope
}

function failedReply({ services, progress, endpoint }: Asked, failure: AppError): HttpReply {
  if (endpoint?.auth === 'user' && endpoint.plainFailures) return plainFailure(failure)
  return failureReply(services, progress.format, failure, statusOf(failure), headersOf(failure))
}

function plainFailure(failure: AppError): HttpReply {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headersOf(failure) }
  return { kind: 'bytes', status: ERROR_CODES[failure.code].http, headers, body: `${failure.message}\n` }
}

function failureReply(
  { settings }: SubsonicServices,
  format: Format,
  error: AppError,
  status: number,
  headers: Headers,
): HttpReply {
  const payload = { error: { code: ERROR_CODES[error.code].subsonic, message: error.message } }
  return treeReply(format, { status: 'failed', serverVersion: settings.serverVersion }, payload, { status, headers })
}

function asAppError({ services, request, endpoint }: Asked, error: unknown): AppError {
  if (isAppError(error)) return error
  services.log.error('subsonic request failed', { request: request.id, endpoint: endpoint?.name, err: error })
  return new AppError('INTERNAL', `The server failed. Its log tells why (request ${request.id}).`)
}

function isRetryLater(error: AppError): boolean {
  return error.code === 'TOO_MANY_ATTEMPTS' || error.code === 'BUSY'
}

function statusOf(error: AppError): number {
  return isRetryLater(error) ? 429 : 200
}

function headersOf(error: AppError): Headers {
  return isRetryLater(error) ? { 'retry-after': String(Math.max(1, Math.ceil(error.retryAfter ?? 5))) } : {}
}
