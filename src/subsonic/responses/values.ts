import { encodeId } from '../../base/ids.ts'
import type { Annotation, Explicit } from '../../library/entities.ts'
import type { Tree } from '../tree.ts'
import type { Rendering } from './rendering.ts'

/** UTC with exactly three fraction digits, the one form that all clients read; undefined stays undefined. */
export function date(ms: number): string
export function date(ms: number | undefined): string | undefined
export function date(ms: number | undefined): string | undefined {
  return ms === undefined || !(Math.abs(ms) <= 8.64e15) ? undefined : new Date(ms).toISOString()
}

/** Whole seconds. */
export function seconds(ms: number): number {
  return Math.round(ms / 1000)
}

/** 0 and '' stand for unknown inside; such fields are left out. */
export function known<T extends number | string>(value: T): T | undefined {
  return value === 0 || value === '' ? undefined : value
}

/** The id of a picture changes with the picture, so that clients may keep it for ever. */
export function coverId(
  kind: 'song' | 'album' | 'artist' | 'folder' | 'playlist',
  entity: { readonly id: number; readonly coverVersion: string },
  rendering: Rendering,
): string | undefined {
  if (entity.coverVersion !== '') return `${encodeId(kind, entity.id as never)}_${entity.coverVersion}`
  return rendering.placeholderCovers ? encodeId(kind, entity.id as never) : undefined
}

/** `YYYY[-MM[-DD]]` or '' as an OpenSubsonic ItemDate; {} = unknown. */
export function itemDate(text: string): Tree {
  const match = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?/.exec(text)
  if (!match) return {}
  const [year, month, day] = match.slice(1).map((part) => (part === undefined ? 0 : Number(part)))
  return { year: known(year ?? 0), month: known(month ?? 0), day: known(day ?? 0) }
}

export function explicitStatus(explicit: Explicit): string {
  return explicit === 'e' ? 'explicit' : explicit === 'c' ? 'clean' : ''
}

export function names(values: readonly string[]): readonly Tree[] {
  return values.map((name) => ({ name }))
}

/** The mean over all users with two digits; the schema allows 1 to 5. */
export function averageRating(annotation: Annotation): number | undefined {
  const average = annotation.averageRating
  return average !== undefined && average >= 1 ? Math.round(average * 100) / 100 : undefined
}
