import type { RequestInfo } from '../../hooks/hooks.ts'
import type { User } from './reader-api.ts'

export interface PluginRequest extends RequestInfo {
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** Lower-case names. Credentials are removed unless the route is public. */
  readonly headers: Readonly<Record<string, string>>
  /** Scheme, host and base path as the client sees them. */
  readonly origin: string
  /** Undefined on public routes without a login. */
  readonly user: User | undefined
  readonly signal: AbortSignal
  json(): Promise<unknown>
  text(): Promise<string>
  bytes(): Promise<Uint8Array>
}
