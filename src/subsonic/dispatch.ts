import type { Identity } from '../auth/authenticator.ts'
import { AppError, ERROR_CODES, isAppError } from '../base/errors.ts'
import type { Headers, HttpReply, HttpRequest } from '../http/types.ts'
import type { PublicCall } from './call.ts'
import { clientRendering } from './client-rendering.ts'
import type { Endpoint } from './endpoint.ts'
import type { EndpointTable } from './endpoint-table.ts'
import { Params } from './params.ts'
import type { Format } from './protocol.ts'
import { requestedFormat, withForm } from './request-params.ts'
import { mayUse } from './responses/user.ts'
import { treeReply } from './serialize/reply.ts'
import type { SubsonicServices } from './services.ts'
import type { Tree } from './tree.ts'

const PREFIX = '/rest/'

/** What is learned of a request on its way, for the failure's format and for the log. */
interface Progress {
  format: Format
  endpoint?: string
  client: string
  user?: string
}

/**
 * Answers one request under `/rest/`. Never rejects: failures are envelopes in the format asked for, with HTTP 200,
 * since clients take any other status for a broken network. The exceptions: 429 with Retry-After when the server is busy
 * or a login is locked (asking again at once would be wrong, and 4xx is retried by nobody), 405, and 501 for features
 * that only a plugin brings (the status that clients take for 'not supported').
 */
export async function dispatch(
  services: SubsonicServices,
  table: EndpointTable,
  request: HttpRequest,
): Promise<HttpReply> {
  const started = services.clock.monotonic()
  const progress: Progress = { format: { kind: 'xml' }, client: '' }
  const release = holdOf(table, request.path)
  let code = 'ok'
  try {
    return await answer(services, table, request, progress)
  } catch (error) {
    const failure = asAppError(services, request, progress, error)
    code = failure.code
    return failedReply(services, progress.format, failure)
  } finally {
    release()
    services.log.debug('subsonic request', {
      request: request.id,
      endpoint: progress.endpoint,
      client: progress.client,
      user: progress.user,
      code,
      ms: Math.round((services.clock.monotonic() - started) * 10) / 10,
    })
  }
}

async function answer(
  services: SubsonicServices,
  table: EndpointTable,
  request: HttpRequest,
  progress: Progress,
): Promise<HttpReply> {
  const fromQuery = Params.parse(request.query)
  progress.format = requestedFormat(fromQuery).format
  const params = await withForm(request, fromQuery)
  const { format, problem } = requestedFormat(params)
  progress.format = format
  progress.client = (params.optional('c') ?? '').slice(0, 100)
  if (!['GET', 'HEAD', 'POST'].includes(request.method)) {
    return failureReply(services, format, new AppError('BAD_REQUEST', 'Use GET or POST.'), 405, {
      allow: 'GET, HEAD, POST',
    })
  }
  if (problem) throw problem
  const endpoint = endpointOf(table, request.path)
  progress.endpoint = endpoint.name
  const base = { services, request, params, client: progress.client, extensions: table.extensions }
  if (endpoint.auth === 'none') return okReply(services, format, await endpoint.handle(base))
  const identity = await services.authenticator.authenticate(credentialsOf(params), {
    address: request.address,
    client: progress.client,
  })
  progress.user = identity.user.name
  checkVersion(params)
  checkRight(endpoint, identity)
  if (endpoint.answers === 'absent') {
    return failureReply(services, format, new AppError('UNSUPPORTED', endpoint.reason), 501, {})
  }
  const call = await callOf(base, identity)
  if (endpoint.answers === 'bytes') {
    const reply = await endpoint.handle(call)
    const onError = (error: unknown) => failedReply(services, format, asAppError(services, request, progress, error))
    return reply.kind === 'source' ? { ...reply, onError } : reply
  }
  return okReply(services, format, await endpoint.handle(call))
}

/** From the first moment: what answers must not go away while the login is looked at. */
function holdOf(table: EndpointTable, path: string): () => void {
  const endpoint = table.byName.get(methodOf(path).toLowerCase())
  return (endpoint?.auth === 'user' && endpoint.hold?.()) || (() => {})
}

function methodOf(path: string): string {
  return path
    .slice(PREFIX.length)
    .replace(/\/+$/, '')
    .replace(/\.view$/i, '')
}

function endpointOf(table: EndpointTable, path: string): Endpoint {
  const method = methodOf(path)
  const endpoint = table.byName.get(method.toLowerCase())
  if (!endpoint) throw new AppError('UNSUPPORTED', `This server has no method '${method.slice(0, 64)}'.`)
  return endpoint
}

function credentialsOf(params: Params) {
  const [username, password, token, salt, apiKey] = [
    params.optional('u'),
    params.password('p'),
    params.optional('t'),
    params.optional('s'),
    params.optional('apiKey'),
  ]
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
    ...(salt === undefined ? {} : { salt }),
    ...(apiKey === undefined ? {} : { apiKey }),
  }
}

/** Only another major version is refused: clients name all sorts of minor ones, DSub 1.2.0 for ever. */
function checkVersion(params: Params): void {
  const major = /^(\d+)\./.exec(params.optional('v') ?? '')?.[1]
  if (major === undefined || major === '1') return
  if (major === '0') throw new AppError('CLIENT_TOO_OLD', 'This client speaks a version that is too old: update it.')
  throw new AppError('SERVER_TOO_OLD', 'This client speaks a version newer than this server knows.')
}

function checkRight(endpoint: Exclude<Endpoint, { auth: 'none' }>, { user }: Identity): void {
  const { needs } = endpoint
  if (needs === undefined || mayUse(user, needs)) return
  throw new AppError('FORBIDDEN', `User '${user.name}' may not do this: it needs the right '${needs}'.`)
}

async function callOf(base: PublicCall, { user, method }: Identity) {
  const viewer = await base.services.scopes.viewer(user, 'browse')
  return { ...base, user, login: method, viewer, rendering: clientRendering(base.services, user, base.client) }
}

function okReply({ settings }: SubsonicServices, format: Format, payload: Tree): HttpReply {
  return treeReply(format, { status: 'ok', serverVersion: settings.serverVersion }, payload)
}

function failedReply(services: SubsonicServices, format: Format, failure: AppError): HttpReply {
  return failureReply(services, format, failure, statusOf(failure), headersOf(failure))
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

function asAppError(services: SubsonicServices, request: HttpRequest, progress: Progress, error: unknown): AppError {
  if (isAppError(error)) return error
  services.log.error('subsonic request failed', { request: request.id, endpoint: progress.endpoint, err: error })
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
