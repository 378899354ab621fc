import { createNameSorting, type NameSorting } from '../base/sort-name.ts'
import { nameKey } from '../library/name-key.ts'

export const UNKNOWN_ARTIST = '[Unknown Artist]'
export const UNKNOWN_ALBUM = '[Unknown Album]'
export const VARIOUS_ARTISTS = 'Various Artists'

/** Cuts lists of names and makes keys and sort keys; built once a scan from the settings. */
export class Names {
  readonly #separator: RegExp | undefined
  readonly #exceptions: readonly string[]
  readonly #sorting: NameSorting

  constructor(settings: {
    readonly artistSeparators: readonly string[]
    readonly artistSplitExceptions: readonly string[]
    readonly ignoredArticles: string
  }) {
    this.#separator = separatorPattern(settings.artistSeparators)
    this.#exceptions = [...settings.artistSplitExceptions].sort((a, b) => b.length - a.length)
    this.#sorting = createNameSorting(settings.ignoredArticles)
  }

  /** The artists of one ARTIST value; names of the exceptions stay whole wherever they stand. */
  splitArtists(value: string): readonly string[] {
    return this.#split(value, this.#separator)
  }

  /** The names in a value of another role, which use `/` and `;`. */
  splitPeople(value: string): readonly string[] {
    return this.#split(value, /\s*[/;]\s*/giu)
  }

  /** For sorting: folded, without a leading article. */
  order(name: string): string {
    return this.#sorting.order(name)
  }

  #split(value: string, separator: RegExp | undefined): readonly string[] {
    if (!separator) return [value]
    const kept: string[] = []
    let text = value
    for (const exception of this.#exceptions)
      text = text.replace(new RegExp(literally(exception), 'giu'), (match) => {
        kept.push(match)
        return `\ue000${kept.length - 1}\ue001`
      })
    const parts = text
      .split(separator)
      .map((part) => part.replace(/\ue000(\d+)\ue001/g, (_, index) => kept[Number(index)] as string).trim())
      .filter((part) => part !== '')
    return parts.length > 0 ? parts : [value]
  }
}

/** Cuts at any of the separators, which may stand without spaces around them. */
export function splitValues(values: readonly string[], separators: readonly string[]): readonly string[] {
  const pattern = separatorPattern(separators)
  const parts = pattern ? values.flatMap((value) => value.split(pattern)) : values
  return uniqueFolded(parts.map((part) => part.trim()).filter((part) => part !== ''))
}

/** The first of each name, compared folded. */
export function uniqueFolded(names: readonly string[]): readonly string[] {
  const seen = new Set<string>()
  return names.filter((name) => !seen.has(nameKey(name)) && seen.add(nameKey(name)))
}

function separatorPattern(separators: readonly string[]): RegExp | undefined {
  const wanted = separators.filter((separator) => separator !== '').sort((a, b) => b.length - a.length)
  return wanted.length > 0 ? new RegExp(wanted.map(literally).join('|'), 'giu') : undefined
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
