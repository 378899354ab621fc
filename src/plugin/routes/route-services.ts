import type { NativeGate } from '../../rest/native-gate.ts'
import type { PluginHost } from '../host/plugin-host.ts'
import type { MediaReplyServices } from './media-reply.ts'

/** What routes of plugins are served with. */
export interface PluginRouteServices extends MediaReplyServices {
  readonly host: PluginHost
  readonly gate: NativeGate
  /** Web pages of other sites that may open WebSockets, as `https://player.example.org`; `*` for all. */
  readonly allowedOrigins?: readonly string[]
}
