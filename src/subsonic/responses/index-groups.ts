import { isUnspaced } from '../../base/search-words.ts'

/**
 * Groups for the A-Z lists, each in the order given: a letter of any alphabet stands for itself; digits, signs and
 * scripts without an alphabet go to `#`, which comes first.
 */
export function indexGroups<T extends { readonly orderName: string }>(
  items: Iterable<T>,
): readonly { readonly name: string; readonly items: readonly T[] }[] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const name = indexName(item.orderName)
    const group = groups.get(name)
    if (group) group.push(item)
    else groups.set(name, [item])
  }
  return [...groups]
    .map(([name, grouped]) => ({ name, items: grouped }))
    .sort((a, b) => (a.name === '#' ? -1 : b.name === '#' ? 1 : 0))
}

function indexName(orderName: string): string {
  const first = String.fromCodePoint(orderName.codePointAt(0) ?? 0)
  return /\p{L}/u.test(first) && !isUnspaced(first) ? first.toUpperCase() : '#'
}
