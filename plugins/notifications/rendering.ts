import { publicIdOf } from 'tonearm/plugin'
import type { Context } from './context.ts'
import type { Note, Target } from './note.ts'
import type { Facts, Language, Text } from './texts/language.ts'
import { PINAKES_TYPES, topicOf } from './topics.ts'

export interface Rendered extends Text {
  readonly note: Note
  /** Its subject is not there for this reader: no name of it is in the texts, and no channel gets it. */
  readonly hidden: boolean
}

type Parts = Pick<Context, 'library' | 'statistics' | 'users'>

const MAX_NAMES = 500
const SHOWN_TARGETS = 4

/**
 * The texts of one user's notes, with the names that this user sees in the library now. What is hidden from the user, or
 * gone, is not named.
 */
export async function render(
  notes: readonly Note[],
  reader: { readonly userId: number; readonly isAdmin: boolean },
  { parts, language }: { readonly parts: Parts; readonly language: Language },
): Promise<readonly Rendered[]> {
  const as = publicIdOf('user', reader.userId)
  const names = new Names(parts, as)
  await names.albums(
    notes.flatMap(({ data }) => [
      ...(data.albums ?? []).map(({ id }) => id),
      ...(data.targets ?? []).flatMap(({ kind, id }) => (kind === 'album' ? [id] : [])),
    ]),
  )
  const rendered: Rendered[] = []
  for (const note of notes) rendered.push(await renderOne(note, { names, language, reader, as }))
  return rendered
}

async function renderOne(
  note: Note,
  to: {
    readonly names: Names
    readonly language: Language
    readonly reader: { readonly isAdmin: boolean }
    readonly as: string
  },
): Promise<Rendered> {
  const { names, language, reader, as } = to
  const { data } = note
  if (data.admin && !reader.isAdmin) return { note, hidden: true, ...language.hidden.admin }
  if (note.topic === 'test') return { note, hidden: false, ...language.test }
  const named = (data.albums ?? []).flatMap(({ id, songs }) => {
    const album = names.album(id)
    return album ? [{ ...album, songs }] : []
  })
  if (data.albums && named.length === 0) return { note, hidden: true, ...language.hidden.music }
  const contents = await contentsOf(data.targets ?? [], names, data.truncated)
  const isShare = Object.hasOwn(PINAKES_TYPES, note.topic)
  // A share that is over holds nothing for its reader any more; its owner's words may be about it, too.
  if (isShare && note.topic !== 'share.revoked' && data.targets && !contents.visible)
    return { note, hidden: true, ...language.hidden.share }
  const library = data.libraryId === undefined ? '' : await names.library(data.libraryId)
  const facts: Facts = {
    ...data,
    ...(reader.isAdmin ? {} : { reason: '' }),
    named,
    contents: contents.text,
    library,
    subject: data.subjectId && data.subjectId !== as ? await names.user(data.subjectId) : '',
    isOwn: data.subjectId === as,
  }
  return { note, hidden: false, ...language.notes[topicOf(note.topic)](facts) }
}

async function contentsOf(
  targets: readonly Target[],
  names: Names,
  truncated = false,
): Promise<{ readonly text: string; readonly visible: boolean }> {
  const found: string[] = []
  let visible = false
  for (const target of targets.slice(0, SHOWN_TARGETS)) {
    const name = await names.target(target)
    if (name) found.push(name)
    // Of a library that is shared its recipient sees the songs, not the name.
    visible ||= name !== '' || (target.kind === 'library' && (await names.hasSongs(Number(target.id))))
  }
  return {
    text: found.join(', ') + (found.length > 0 && (truncated || targets.length > SHOWN_TARGETS) ? ', …' : ''),
    visible,
  }
}

/** Names as one user sees them; each is asked for once. */
class Names {
  readonly #parts: Parts
  readonly #as: string
  readonly #albums = new Map<string, { readonly name: string; readonly artist: string }>()
  readonly #others = new Map<string, Promise<string>>()
  #libraries: Promise<ReadonlyMap<number, string>> | undefined

  constructor(parts: Parts, as: string) {
    this.#parts = parts
    this.#as = as
  }

  /** Asks for many at once. */
  async albums(ids: readonly string[]): Promise<void> {
    const all = [...new Set(ids)]
    for (let at = 0; at < all.length; at += MAX_NAMES) {
      const found = await this.#parts.statistics.names('album', all.slice(at, at + MAX_NAMES), this.#as)
      for (const { id, name, artist } of found) this.#albums.set(String(id), { name, artist })
    }
  }

  album(id: string): { readonly name: string; readonly artist: string } | undefined {
    return this.#albums.get(id)
  }

  async library(id: number): Promise<string> {
    this.#libraries ??= this.#parts.library
      .libraries(this.#as)
      .then((list) => new Map(list.map((one) => [one.id, one.name])))
    return (await this.#libraries).get(id) ?? ''
  }

  async hasSongs(libraryId: number): Promise<boolean> {
    return (await this.#parts.library.tracks({ libraryId, limit: 1 }, this.#as)).length > 0
  }

  user(id: string): Promise<string> {
    return this.#once(`user ${id}`, async () => (await this.#parts.users.get(id))?.name)
  }

  async target({ kind, id }: Target): Promise<string> {
    const { library } = this.#parts
    switch (kind) {
      case 'song':
        return this.#once(`song ${id}`, async () => (await library.track(id, this.#as))?.title)
      case 'album':
        return this.#albums.get(id)?.name ?? ''
      case 'artist':
        return this.#once(`artist ${id}`, async () => (await library.artist(id, this.#as))?.name)
      case 'playlist':
        return this.#once(`playlist ${id}`, async () => (await library.playlist(id, this.#as))?.name)
      case 'library':
        return this.library(Number(id))
      default:
        return ''
    }
  }

  #once(key: string, ask: () => Promise<string | undefined>): Promise<string> {
    let answer = this.#others.get(key)
    if (!answer) {
      answer = ask().then((name) => name ?? '')
      this.#others.set(key, answer)
    }
    return answer
  }
}
