/** One member of an interface, as people read it. */
export interface Member {
  readonly name: string
  /** Without comments, line breaks and `readonly`: `track(id: string): Promise<Track | undefined>`. */
  readonly text: string
  /** Its comment, and those of what is written out within it. */
  readonly comment: string
}

/** Exported types in the text of TypeScript files, by name. They are laid out as our formatter does it. */
export class Declarations {
  readonly #found = new Map<string, { readonly text: string; readonly comment: string }>()

  constructor(sources: readonly string[]) {
    for (const source of sources)
      for (const [, comment = '', declared = '', one, other] of source.matchAll(EXPORTED)) {
        const text = declared.trim().replace(/\breadonly /g, '')
        this.#found.set((one ?? other) as string, { text, comment: comment.trim() })
      }
  }

  /** Without `export` and `readonly`. Throws for a type that is not there. */
  text(name: string): string {
    return this.#get(name).text
  }

  /** The comment ahead of it, as prose. */
  about(name: string): string {
    return prose(this.#get(name).comment.replace(/^\/\*\*|\*\/$/g, ''))
  }

  /** The text behind that comment. */
  described(name: string): string {
    const { comment, text } = this.#get(name)
    return comment === '' ? text : `${comment}\n${text}`
  }

  /** Of an interface; of any other type none. */
  members(name: string): readonly Member[] {
    const text = this.text(name)
    return text.startsWith('interface') ? membersOf(text.slice(text.indexOf('{') + 1, text.lastIndexOf('}'))) : []
  }

  /** Names of exported types in a text, each once. */
  namesIn(text: string): readonly string[] {
    const words = text.match(/\b[A-Z]\w*/g) ?? []
    return [...new Set(words)].filter((word) => this.#found.has(word))
  }

  #get(name: string) {
    const found = this.#found.get(name)
    if (!found) throw new Error(`the type ${name} is not in the sources`)
    return found
  }
}

/** An interface ends with its brace, another type before a blank line or one that is not indented. */
const EXPORTED =
  /(^\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^export ((?:interface (\w+)[^{]*\{(?:\}|[\s\S]*?^\})|type (\w+)\b[\s\S]*?(?=^\S|^$|$(?![\s\S]))))/gm

/** Of the text between an object type's braces. */
export function membersOf(body: string): readonly Member[] {
  return split(body, /[\n;]/).flatMap((part) => {
    const [, comment = '', text = ''] = /^\s*(?:\/\*\*([\s\S]*?)\*\/)?([\s\S]*)$/.exec(part) ?? []
    const shown = oneLine(text)
    const name = /^'?([\w.]+)/.exec(shown)?.[1]
    if (name === undefined) return []
    const inner = [...text.matchAll(/\/\*\*([\s\S]*?)\*\/\s*(?:readonly )?(\w+)/g)]
    const comments = [prose(comment), ...inner.map(([, said = '', of]) => `\`${of}\`: ${prose(said)}`)]
    return [{ name, text: shown, comment: comments.filter((one) => one !== '').join(' ') }]
  })
}

/** Parts of a type's text, split where it has such a letter outside of all brackets and comments. */
export function split(text: string, at: RegExp): readonly string[] {
  const parts: string[] = []
  let part = ''
  let depth = 0
  for (const [token] of text.matchAll(/\/\*[\s\S]*?\*\/\s*|=>|[\s\S]/g)) {
    if (/^[<{[(]$/.test(token)) depth++
    if (/^[>}\])]$/.test(token)) depth--
    if (depth === 0 && token.length === 1 && at.test(token)) {
      parts.push(part)
      part = ''
    } else part += token
  }
  return [...parts, part]
}

/** The words of a comment. */
export function prose(comment: string): string {
  return comment
    .replace(/\s*\n\s*\*?\s*/g, ' ')
    .replace(/@returns/g, 'Answers')
    .trim()
}

/** A type as people write it by hand: without comments, line breaks and `readonly`. */
export function oneLine(type: string): string {
  return type
    .replace(/\/\*\*[\s\S]*?\*\/\s*/g, '')
    .replace(/\breadonly /g, '')
    .trim()
    .replace(/\{\s*\n\s*/g, '{ ')
    .replace(/([(<])\s*\n\s*/g, '$1')
    .replace(/\s*\n\s*\}/g, ' }')
    .replace(/,?\s*\n\s*([)>])/g, '$1')
    .replace(/([,|])\s*\n\s*/g, '$1 ')
    .replace(/\s*\n\s*(?=\|)/g, ' ')
    .replace(/\s*\n\s*/g, '; ')
    .replace(/\((\w+\[\])\)\[\]/g, '$1[]')
}

/** For a cell of a table, which a bar would end. */
export function cell(text: string): string {
  return text.replace(/\|/g, '\\|')
}
