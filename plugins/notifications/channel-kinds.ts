import type { ChannelKind } from './channel.ts'
import { gotify } from './channels/gotify.ts'
import { ntfy } from './channels/ntfy.ts'
import { webPush } from './channels/web-push.ts'
import { webhook } from './channels/webhook.ts'

/** Every way out of the server that there is. */
export const CHANNEL_KINDS: readonly ChannelKind<never>[] = [webhook, ntfy, gotify, webPush]
