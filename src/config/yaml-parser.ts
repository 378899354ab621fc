import { type Document, type ParsedNode, parseDocument } from 'yaml'

/**
 * Loaded by `import()` when there is a file to read. A file of its own: of a CommonJS package that is bundled, a dynamic
 * import sees no named exports.
 */
export function parseYaml(text: string): Document.Parsed<ParsedNode> {
  return parseDocument(text, { prettyErrors: true })
}
