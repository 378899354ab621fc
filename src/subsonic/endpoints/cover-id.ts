import { decodeId, type IdKind, type PublicId, versionOf } from '../../base/ids.ts'

/** What a cover id asks for. */
export interface CoverId {
  readonly id: PublicId
  /** Of an album: the picture of one of its discs. */
  readonly disc?: number
  /** The `<hex>` at its end. */
  readonly version?: string
}

/** What Navidrome puts before an id; clients that learnt its cover ids make them of any id. */
const KINDS: Readonly<Record<string, readonly IdKind[]>> = {
  mf: ['song'],
  // A folder may be what a client knows as an album or an artist.
  al: ['album', 'folder'],
  ar: ['artist', 'folder'],
  pl: ['playlist'],
  ra: ['radio'],
  dc: ['album'],
}

/** Reads `a1f`, `al-a1f` and `dc-a1f:2`, each with `_<hex>` or without. Undefined for what is no id. */
export function coverIdOf(text: string): CoverId | undefined {
  const version = versionOf(text)
  const versioned = version === undefined ? {} : { version }
  const match = /^(mf|al|ar|pl|ra|dc)-([0-9a-z]+)(?::(\d{1,9}))?(?:_[0-9a-f]+)?$/.exec(text)
  if (!match) {
    const id = decodeId(text)
    return id && { id, ...versioned }
  }
  const [, prefix, key, disc] = match as unknown as [string, string, string, string | undefined]
  const id = decodeId(key)
  if (!id || !KINDS[prefix]?.includes(id.kind) || (prefix === 'dc') !== (disc !== undefined)) return undefined
  return { id, ...versioned, ...(disc === undefined ? {} : { disc: Number(disc) }) }
}
