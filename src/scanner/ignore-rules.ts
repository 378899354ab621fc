import ignore, { type Ignore } from 'ignore'

/** Folders that NAS systems, Windows and file systems keep for themselves. */
const SYSTEM_NAMES = new Set([
  '@eaDir',
  '#recycle',
  '#snapshot',
  '@Recycle',
  '@Recently-Snapshot',
  '$RECYCLE.BIN',
  'System Volume Information',
  'lost+found',
])

export const IGNORE_FILE = '.ndignore'
export const NO_MEDIA_FILE = '.nomedia'

/** Names that are never looked at: those of systems, and dot-names unless they begin with two dots (`...And Oceans`). */
export function isSkippedName(name: string): boolean {
  return SYSTEM_NAMES.has(name) || (name.startsWith('.') && !name.startsWith('..'))
}

interface Layer {
  /** Folder of the patterns, relative to the library, with a trailing slash; '' = the library. */
  readonly base: string
  readonly rules: Ignore
}

/** Patterns of a library and of the `.ndignore` files on the way to a folder. Like git: the nearest file decides. */
export class IgnoreRules {
  readonly #layers: readonly Layer[]

  private constructor(layers: readonly Layer[]) {
    this.#layers = layers
  }

  static of(excludePatterns: readonly string[]): IgnoreRules {
    const none = excludePatterns.every((pattern) => pattern.trim() === '')
    return new IgnoreRules(none ? [] : [{ base: '', rules: make(excludePatterns) }])
  }

  /** With the patterns of an ignore file that lies in `folder`. */
  with(folder: string, text: string): IgnoreRules {
    const base = folder === '' ? '' : `${folder}/`
    return new IgnoreRules([...this.#layers, { base, rules: make(text.split(/\r?\n/)) }])
  }

  ignores(path: string, isFolder: boolean): boolean {
    for (let index = this.#layers.length - 1; index >= 0; index--) {
      const { base, rules } = this.#layers[index] as Layer
      const relative = path.slice(base.length) + (isFolder ? '/' : '')
      if (!ignore.isPathValid(relative)) continue
      const { ignored, unignored } = rules.test(relative)
      if (ignored || unignored) return ignored
    }
    return false
  }
}

function make(patterns: readonly string[]): Ignore {
  return ignore().add([...patterns])
}
