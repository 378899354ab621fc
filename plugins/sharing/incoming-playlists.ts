import type { HandlerOutput, UserReader } from 'tonearm/plugin'
import type { Content } from './content.ts'
import { titleOf } from './share.ts'
import type { Shown } from './shown.ts'

/** Shares that are addressed to a user, as playlists in Subsonic clients. */
export async function playlistsFor(
  userId: string,
  { content, shown, users }: { readonly content: Content; readonly shown: Shown; readonly users: UserReader },
): Promise<HandlerOutput<'playlists.virtual'>> {
  const incoming = (await content.incoming(userId)).filter(({ permissions }) => permissions.view)
  const shares = await shown.many(incoming)
  return Promise.all(
    shares.map(async (share) => {
      const owner = (await users.get(share.ownerId))?.name ?? ''
      return {
        id: `share-${share.id}`,
        name: titleOf(share),
        comment: [`Shared by ${owner || 'somebody'}`, share.description].filter(Boolean).join(': '),
        owner,
        songIds: (await content.tracks(share)).map(({ id }) => id),
        createdAt: share.createdAt,
        changedAt: share.updatedAt,
      }
    }),
  )
}
