import type { ChannelKind } from './channel.ts'

/** Every way out of the server that there is. */
export const CHANNEL_KINDS: readonly ChannelKind<never>[] = []
