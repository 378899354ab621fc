import { randomUUID } from 'node:crypto'
import type { Context } from './context.ts'
import type { Target } from './note.ts'
import type { Take } from './sources.ts'
import { PINAKES_TYPES, type ShareTopic } from './topics.ts'

/** What the plugin `sharing` tells: who hears what of which share. */
interface ShareNews {
  readonly shareId: string
  readonly userId: string
  /** What the share holds; what its reader does not see is not named. */
  readonly targets?: readonly Target[]
  /** Its owner's words. */
  readonly description?: string
}

type ShareEvents = { readonly [T in (typeof PINAKES_TYPES)[ShareTopic] as `sharing.${T}`]: ShareNews }

/** Listens to the plugin `sharing`, if it is there. */
export function addShareNews(ctx: Context, take: Take): void {
  const events = ctx.events as unknown as {
    on<N extends keyof ShareEvents>(name: N, listener: (news: ShareEvents[N]) => Promise<void>): unknown
  }
  for (const [topic, type] of Object.entries(PINAKES_TYPES) as [ShareTopic, (typeof PINAKES_TYPES)[ShareTopic]][])
    events.on(`sharing.${type}`, async ({ shareId, userId, targets, description = '' }) => {
      await take({
        source: `share ${randomUUID()}`,
        at: ctx.now(),
        to: { kind: 'user', id: userId },
        note: { topic, level: 'info', data: { shareId, ...(targets ? { targets, description } : {}) } },
      })
    })
}
