import { en } from './en.ts'
import type { Language } from './language.ts'

/** Languages by their tag; a new one is a table beside `en.ts` and a line here. */
export const LANGUAGES: Readonly<Record<string, Language>> = { en }

export function languageOf(tag: string): Language {
  return (Object.hasOwn(LANGUAGES, tag) && LANGUAGES[tag]) || en
}
