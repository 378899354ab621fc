import { fold } from './text.ts'

/** How names are sorted: folded, a leading article passed over. */
export interface NameSorting {
  /** What names are compared by. */
  order(name: string): string
  /** The same as a name to show and to sort by, with the article behind: `beatles, the`. */
  spell(name: string): string
}

/** `articles`: words separated by spaces. */
export function createNameSorting(articles: string): NameSorting {
  const leading = articles
    .split(/\s+/)
    .filter((article) => article !== '')
    .map((article) => `${fold(article)} `)
  const articleOf = (folded: string) => leading.find((one) => folded.startsWith(one) && folded.length > one.length)
  return {
    order(name) {
      const folded = fold(name)
      const article = articleOf(folded)
      return article ? folded.slice(article.length) : folded
    },
    spell(name) {
      const folded = fold(name)
      const article = articleOf(folded)
      return (article ? `${folded.slice(article.length)}, ${article.trim()}` : folded) || name
    },
  }
}
