/** A piece of an SQL text. `text` of a name is without its quotes, as SQLite would compare it: lower case. */
export interface SqlToken {
  readonly kind: 'name' | 'string' | 'number' | 'parameter' | 'sign'
  readonly text: string
}

const TOKEN =
  /\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|(?<string>'(?:[^']|'')*')|(?<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])|(?<blob>[xX]'[0-9a-fA-F]*')|(?<name>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(?<number>\.?\d[\w.]*)|(?<parameter>[?:@$#][\w:]*)|(?<sign>[\s\S])/gy

/**
 * The pieces of a statement, comments left out. SQLite takes quoted names where it expects names, so words in double
 * quotes, back quotes and brackets are names here; an unfinished quote is a sign, at which SQLite would stop as well.
 */
export function sqlTokens(sql: string): readonly SqlToken[] {
  const tokens: SqlToken[] = []
  for (const { groups } of sql.matchAll(TOKEN)) {
    if (!groups) continue
    const { string, quoted, blob, name, number, parameter, sign } = groups
    if (blob ?? string) tokens.push({ kind: 'string', text: (blob ?? string) as string })
    else if (quoted) tokens.push({ kind: 'name', text: unquote(quoted).toLowerCase() })
    else if (name) tokens.push({ kind: 'name', text: name.toLowerCase() })
    else if (number) tokens.push({ kind: 'number', text: number })
    else if (parameter) tokens.push({ kind: 'parameter', text: parameter })
    else if (sign) tokens.push({ kind: 'sign', text: sign })
  }
  return tokens
}

/** True when something stands behind the first semicolon: more than one statement. */
export function isScript(tokens: readonly SqlToken[]): boolean {
  const end = tokens.findIndex(({ kind, text }) => kind === 'sign' && text === ';')
  return end >= 0 && tokens.slice(end).some(({ text }) => text !== ';')
}

function unquote(quoted: string): string {
  const mark = quoted[0] as string
  const inner = quoted.slice(1, -1)
  return mark === '[' ? inner : inner.replaceAll(mark + mark, mark)
}
