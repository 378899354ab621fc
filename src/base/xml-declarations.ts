/** What the parser looks at anew with each character of it, and nobody here has a use for: `<!x`, and not `<!-- x`. */
const DECLARATION = /<!(?!--|\[CDATA\[|DOCTYPE)/gi

/** Text for `sax`, whose work grows with the square of the length of a declaration that it does not know. */
export function withoutDeclarations(text: string): string {
  return text.replace(DECLARATION, ' ')
}
