/** The songs in a folder and below it, by the range of their paths; `0` is the character after `/`. */
export function below(folder: string, song: string): string {
  return `${song}.library_id = ${folder}.library_id
    AND ${song}.path >= CASE ${folder}.path WHEN '' THEN '' ELSE ${folder}.path || '/' END
    AND ${song}.path < CASE ${folder}.path WHEN '' THEN char(1114111) ELSE ${folder}.path || '0' END`
}

/** One folder is the other or lies below it: a range that also holds names like `upper-x`, and a look at what follows. */
export function isAtOrBelow(lower: string, upper: string): string {
  return `${lower}.library_id = ${upper}.library_id AND ${lower}.path >= ${upper}.path
    AND ${lower}.path < CASE ${upper}.path WHEN '' THEN char(1114111) ELSE ${upper}.path || '0' END
    AND (${upper}.path = '' OR ${lower}.path = ${upper}.path OR substr(${lower}.path, length(${upper}.path) + 1, 1) = '/')`
}

/**
 * `<libraryId>:<path>` as ranges of folder paths: the folder itself and all below; a bare library is all of it.
 * Undefined for anything else: a denial that can't be read hides everything, since nobody knows what it was to hide.
 */
export function pathRanges(entry: string): readonly [number, string, string][] | undefined {
  const colon = entry.indexOf(':')
  const library = Number(entry.slice(0, colon))
  if (colon < 1 || !Number.isSafeInteger(library)) return undefined
  const path = entry.slice(colon + 1).replace(/^\/+|\/+$/g, '')
  if (path === '') return [[library, '', '\u{10FFFF}']]
  return [
    [library, path, path],
    [library, `${path}/`, `${path}/\u{10FFFF}`],
  ]
}
