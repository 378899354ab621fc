import { fold } from '../base/text.ts'
import { nameKey } from '../library/name-key.ts'
import type { AlbumFacts, DraftCredit, SongDraft } from '../library/scan-draft.ts'
import { albumKey } from './album-key.ts'

/** What follows an artist's name where guests are named in the same text. */
const GUESTS = /^\s*(?:[,;/&+×([-]|(?:feat|ft|featuring|with|and|x|vs|con|mit|und|avec|et|y|e|med|och|og|prod)\b)/

interface Song {
  readonly path: string
  readonly draft: SongDraft
}

/**
 * Songs that lie together and name the same album are one album, as far as their tags don't contradict: guests of a track
 * without album artist don't take it out of the album of its artist, nor does a date or a release that only some tracks
 * name. Songs of one format that share disc, track and title are of two releases, which stay two. Pure; the same folder
 * gives the same albums in whatever order it was read.
 * @returns the drafts by path.
 */
export function joinAlbums(songs: readonly Song[]): ReadonlyMap<string, SongDraft> {
  const joined = new Map(songs.map(({ path, draft }) => [path, draft]))
  const groups = new Map<string, Song[]>()
  for (const song of [...songs].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const { isNamed, nameKey: name, version } = song.draft.album.facts
    if (isNamed) addTo(groups, `${name}\n${version}`, song)
  }
  for (const group of groups.values()) {
    if (new Set(group.map(({ draft }) => draft.album.key)).size === 1) continue
    const settled = joinReleases(joinDates(joinArtists(group)))
    for (const { path, draft } of settled) joined.set(path, draft)
  }
  return joined
}

/** Guests: an artist who has the album, or tracks of it, alone; else one who is on all of its tracks. */
function joinArtists(songs: readonly Song[]): readonly Song[] {
  const hosts = hostsOf(songs)
  return songs.map((song) => {
    if (song.draft.album.facts.ownArtist) return song
    let host: Host | undefined
    let guest: Guest = { keys: song.draft.album.facts.artistKeys, folded: fold(song.draft.artist) }
    for (
      let next = hosts.find((one) => isGuestOf(guest, one));
      next;
      next = hosts.find((one) => isGuestOf(guest, one))
    ) {
      host = next
      guest = next
    }
    return host ? { ...song, draft: withArtist(song.draft, host) } : song
  })
}

interface Host {
  readonly keys: readonly string[]
  readonly name: string
  /** The name, folded once: each song is compared with each host. */
  readonly folded: string
  readonly credits: readonly DraftCredit[]
}

type Guest = Pick<Host, 'keys' | 'folded'>

/** Those with most songs first. */
function hostsOf(songs: readonly Song[]): readonly Host[] {
  const found = new Map<string, { readonly host: Host; songs: number }>()
  for (const { draft } of songs) {
    const keys = draft.album.facts.artistKeys
    const known = found.get(keys.join('\n'))
    if (known) known.songs++
    else {
      const name = draft.albumArtist
      found.set(keys.join('\n'), { host: { keys, name, folded: fold(name), credits: artistsOf(draft) }, songs: 1 })
    }
  }
  const hosts = [...found.values()].sort((a, b) => b.songs - a.songs).map(({ host }) => host)
  const first = songs[0] as Song
  const common = artistsOf(first.draft).filter(({ name }) =>
    songs.every(({ draft }) => draft.album.facts.artistKeys.includes(nameKey(name))),
  )
  if (common.length === 0) return hosts
  const keys = common.map(({ name }) => nameKey(name))
  const name = common.map(({ name }) => name).join(' • ')
  return [...hosts, { keys, name, folded: fold(name), credits: common }]
}

/** By the names that the tags were cut into, or by a text that goes on after the host's name. */
function isGuestOf(guest: Guest, host: Host): boolean {
  if (guest.keys.length > host.keys.length) return host.keys.every((key) => guest.keys.includes(key))
  if (guest.keys.length > 1 || host.keys.length > 1 || guest.keys[0] === host.keys[0]) return false
  const [name, text] = [host.folded, guest.folded]
  return name !== '' && text.startsWith(name) && GUESTS.test(text.slice(name.length))
}

function artistsOf(draft: SongDraft): readonly DraftCredit[] {
  return draft.credits.filter(({ role }) => role === 'albumartist')
}

function withArtist(draft: SongDraft, host: Host): SongDraft {
  const others = draft.credits.filter(({ role }) => role !== 'albumartist')
  const at = others.findLastIndex(({ role }) => role === 'artist') + 1
  const credits = [...others.slice(0, at), ...host.credits, ...others.slice(at)]
  return withFacts({ ...draft, credits, albumArtist: host.name }, { artistKeys: host.keys })
}

/** An absent date fits any, a year any day of it; the fullest one stands for all. */
function joinDates(songs: readonly Song[]): readonly Song[] {
  return byArtist(songs).flatMap((group) => {
    const dates = [...new Set(group.map(({ draft }) => draft.album.facts.releaseDate))].sort()
    const fullest = dates.at(-1) as string
    if (dates.length === 1 || !dates.every((date) => fullest.startsWith(date))) return group
    return unlessTwice(
      group,
      group.map((song) => ({ ...song, draft: withFacts(song.draft, { releaseDate: fullest }) })),
    )
  })
}

/** The one release that some songs name is that of the others. */
function joinReleases(songs: readonly Song[]): readonly Song[] {
  return byArtist(songs).flatMap((group) => {
    const releases = new Set(group.map(({ draft }) => draft.album.facts.release))
    const [release, ...others] = [...releases].filter((one) => one !== '')
    if (release === undefined || others.length > 0) return group
    return unlessTwice(
      group,
      group.map((song) => ({ ...song, draft: withFacts(song.draft, { release }) })),
    )
  })
}

function byArtist(songs: readonly Song[]): readonly (readonly Song[])[] {
  const groups = new Map<string, Song[]>()
  for (const song of songs) {
    addTo(groups, song.draft.album.facts.artistKeys.join('\n'), song)
  }
  return [...groups.values()]
}

function addTo(groups: Map<string, Song[]>, key: string, song: Song): void {
  const known = groups.get(key)
  if (known) known.push(song)
  else groups.set(key, [song])
}

/** `after`, unless that puts a track of one format twice on an album. */
function unlessTwice(before: readonly Song[], after: readonly Song[]): readonly Song[] {
  const places = new Map<string, string>()
  for (const [index, { path, draft }] of after.entries()) {
    const place = [draft.discNumber, draft.trackNumber, nameKey(draft.title), path.slice(path.lastIndexOf('.'))].join(
      '\n',
    )
    const former = (before[index] as Song).draft.album.key
    const other = places.get(place)
    if (other !== undefined && other !== former) return before
    places.set(place, former)
  }
  return after
}

function withFacts(draft: SongDraft, changes: Partial<AlbumFacts>): SongDraft {
  const facts = { ...draft.album.facts, ...changes }
  return { ...draft, album: { ...draft.album, facts, key: albumKey(facts) } }
}
