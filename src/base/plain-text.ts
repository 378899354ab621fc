const BREAK = /<(?:br|\/p|\/div|\/li)\s*\/?>/gi
/** A tag, a comment, a declaration. Nothing in it may be the start of another, so that the search is linear. */
const TAG = /<[a-z/!?][^<>]*>/gi
/** The start of a tag that is left, closed or not: by itself or when it has been put together by what was taken out. */
const START = /<(?=[a-z/!?])/gi

/**
 * Text that may hold markup, without it: nothing of it is a tag any more, wherever a client puts it. Breaks become new
 * lines, of which two follow each other at most.
 */
export function plainText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(BREAK, '\n')
    .replace(TAG, '')
    .replace(START, '‹')
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}
