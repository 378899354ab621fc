import type { Identity } from '../auth/authenticator.ts'
import type { User, Viewer } from '../library/entities.ts'
import type { LoginProof } from '../media/stream-rights.ts'
import type { Call, PublicCall } from './call.ts'
import { clientRendering } from './client-rendering.ts'
import type { Rendering } from './responses/rendering.ts'

/** The call of a user who has logged in. How answers look is worked out for those that show music. */
export class UserCall implements Call {
  readonly services: PublicCall['services']
  readonly request: PublicCall['request']
  readonly params: PublicCall['params']
  readonly client: string
  readonly extensions: PublicCall['extensions']
  readonly user: User
  readonly login: Identity['method']
  readonly proof: LoginProof
  readonly viewer: Viewer
  #rendering: Rendering | undefined

  constructor(base: PublicCall, identity: Identity, viewer: Viewer) {
    this.services = base.services
    this.request = base.request
    this.params = base.params
    this.client = base.client
    this.extensions = base.extensions
    this.user = identity.user
    this.login = identity.method
    const { user, keyId } = identity
    this.proof = keyId === undefined ? { credentialsVersion: user.credentialsVersion } : { keyId }
    this.viewer = viewer
  }

  get rendering(): Rendering {
    this.#rendering ??= clientRendering(this.services, this.user, this.client)
    return this.#rendering
  }
}
