import type { ChannelKind } from '../channel.ts'
import { type Connect, createEmail } from './email.ts'
import { gotify } from './gotify.ts'
import { ntfy } from './ntfy.ts'
import { webPush } from './web-push.ts'
import { webhook } from './webhook.ts'

/** Built-in modules that the mail library needs, for the permissions of the plugin. */
export const MAIL_MODULES = [
  'node:dns',
  'node:fs',
  'node:http',
  'node:https',
  'node:net',
  'node:os',
  'node:stream',
  'node:tls',
] as const

/** Every way out of the server that there is. `connect`: the plugin's `ctx.connect`. */
export function channelKinds(connect: Connect): readonly ChannelKind<never>[] {
  return [webPush, createEmail(connect), ntfy, gotify, webhook]
}
