import type { NoteData } from '../note.ts'
import type { TopicName } from '../topics.ts'

/** What a note is about, with names as its reader sees them. */
export interface Facts extends NoteData {
  /** Albums that the reader sees, in the note's order. */
  readonly named: readonly { readonly name: string; readonly artist: string; readonly songs: number }[]
  /** What a share holds, as far as the reader sees it. */
  readonly contents: string
  /** '' for one that the reader does not see. */
  readonly library: string
  /** Name of the user that failed logins were for; '' for the reader's own account. */
  readonly subject: string
  readonly isOwn: boolean
}

export interface Text {
  readonly title: string
  readonly body: string
}

/** One language: what topics are called, a function for each, and the words around notes. All of it, or it does not compile. */
export interface Language {
  /** As it calls itself. */
  readonly name: string
  /** What people choose from: `What I am told`. */
  readonly titles: { readonly [N in TopicName]: string }
  readonly notes: { readonly [N in TopicName]: (facts: Facts) => Text }
  /** Instead of a note whose subject its reader no longer sees. */
  readonly hidden: { readonly share: Text; readonly music: Text; readonly admin: Text }
  digest(count: number): string
  readonly test: Text
}
