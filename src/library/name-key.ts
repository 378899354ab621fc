import { fold } from '../base/text.ts'

/** Names that differ only in case, accents and width are one artist. A name of nothing but marks keeps itself. */
export function nameKey(name: string): string {
  return fold(name) || name
}
