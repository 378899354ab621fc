import type { HandlerOutput, HookInput, UserReader } from 'tonearm/plugin'
import type { Content } from './content.ts'
import { type Share, titleOf } from './share.ts'
import type { Shown } from './shown.ts'

const PREFIX = 'share-'

/** Shares that are addressed to a user, as playlists in Subsonic clients. */
export async function playlistsFor(
  { userId, id }: HookInput<'playlists.virtual'>,
  { content, shown, users }: { readonly content: Content; readonly shown: Shown; readonly users: UserReader },
): Promise<HandlerOutput<'playlists.virtual'>> {
  const wanted = id === undefined ? await content.incoming(userId) : [await asked(id)]
  const shares = await shown.many(wanted.filter((share) => share?.permissions.view) as readonly Share[])
  const songs = await content.songIds(shares)
  const names = new Map<string, Promise<string>>()
  return Promise.all(
    shares.map(async (share) => {
      const known = names.get(share.ownerId) ?? users.get(share.ownerId).then((user) => user?.name ?? '')
      names.set(share.ownerId, known)
      const owner = await known
      return {
        id: PREFIX + share.id,
        name: titleOf(share),
        comment: [`Shared by ${owner || 'somebody'}`, share.description].filter(Boolean).join(': '),
        owner,
        songIds: songs.get(share.id) ?? [],
        createdAt: share.createdAt,
        changedAt: share.updatedAt,
      }
    }),
  )

  async function asked(name: string): Promise<Share | undefined> {
    return name.startsWith(PREFIX) ? content.incomingOne(userId, name.slice(PREFIX.length)) : undefined
  }
}
