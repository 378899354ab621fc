import { encodeId } from '../base/ids.ts'
import type { Annotation, Credit } from '../library/entities.ts'

/** A part of a record that is left out when it says nothing: 0, '', false, nothing. */
export function unlessZero<T>(value: T): T | undefined {
  return value === 0 || value === '' || value === false || value === null ? undefined : value
}

/** RFC 3339; undefined for a time that never was. */
export function iso(at: number | undefined): string | undefined {
  return at === undefined || at === 0 ? undefined : new Date(at).toISOString()
}

/** Seconds with three places: Navidrome's durations are decimal. */
export function seconds(ms: number): number {
  return Math.round(ms) / 1000
}

/** What the reader did with an item. `undefined` fields are left out of the JSON. */
export function annotationFields(item: Annotation, ratedAt: number | undefined) {
  return {
    playCount: unlessZero(item.playCount),
    playDate: iso(item.playedAt),
    rating: unlessZero(item.rating),
    ratedAt: item.rating > 0 ? iso(ratedAt) : undefined,
    starred: unlessZero(item.starredAt !== undefined),
    starredAt: iso(item.starredAt),
    averageRating: item.averageRating === undefined ? undefined : Math.round(item.averageRating * 100) / 100,
  }
}

/** `imageHash` goes to the end of a cover id, so that an address changes with the picture. */
export function imageFields(coverVersion: string) {
  return coverVersion === '' ? { imageAbsent: true } : { imageHash: coverVersion }
}

export function genreFields(names: readonly string[], ids: readonly string[]) {
  const genres = names.flatMap((name, index) => (ids[index] ? [{ id: ids[index], name }] : []))
  return { genre: names[0] ?? '', genres }
}

/** Tags of a column and further ones, by name; undefined when there are none. */
export function tagFields(
  columns: Readonly<Record<string, readonly string[]>>,
  further: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, readonly string[]>> | undefined {
  const filled = Object.entries({ ...further, ...columns }).filter(([, values]) => values.length > 0)
  return filled.length === 0 ? undefined : Object.fromEntries(filled)
}

export interface Participant {
  readonly id: string
  readonly name: string
  readonly subRole?: string
}

export function participants(
  credits: readonly (Pick<Credit, 'id' | 'name'> & { readonly role: string; readonly subRole?: string })[],
): Readonly<Record<string, readonly Participant[]>> {
  const byRole: Record<string, Participant[]> = {}
  for (const { role, id, name, subRole = '' } of credits) {
    const people = byRole[role] ?? []
    people.push({ id: encodeId('artist', id), name, ...(subRole === '' ? {} : { subRole }) })
    byRole[role] = people
  }
  return byRole
}

/** The year of `YYYY[-MM[-DD]]`; 0 when there is none. */
export function yearOf(date: string): number {
  return Number(/^\d{4}/.exec(date)?.[0] ?? 0)
}
