import type { Identity } from '../auth/authenticator.ts'
import type { Purpose } from '../hooks/hooks.ts'
import type { HttpRequest } from '../http/types.ts'
import type { User, Viewer } from '../library/entities.ts'
import type { LoginProof } from '../media/stream-rights.ts'
import type { Params } from './params.ts'
import type { Extension } from './protocol.ts'
import type { Rendering } from './responses/rendering.ts'
import type { SubsonicServices } from './services.ts'

/** One request to an endpoint that needs no login. */
export interface PublicCall {
  readonly services: SubsonicServices
  readonly request: HttpRequest
  readonly params: Params
  /** The parameter `c`, cut to a sane length; '' when not sent. */
  readonly client: string
  /** Of the core and of plugins, by name. */
  readonly extensions: readonly Extension[]
}

/** One request of a user. */
export interface Call extends PublicCall {
  readonly user: User
  readonly login: Identity['method']
  /** What goes on for long ends when this no longer counts. */
  readonly proof: LoginProof
  /** For browsing: what the user may see. */
  readonly viewer: Viewer
  readonly rendering: Rendering
}

export function viewerFor(call: Call, purpose: Purpose): Viewer | Promise<Viewer> {
  return call.services.scopes.viewer(call.user, purpose)
}
