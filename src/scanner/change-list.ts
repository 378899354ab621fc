/** Ids for `library.changed`, at most this many a list. */
const MAX_IDS = 1000

/** Collects public ids of songs that a scan changed. */
export class ChangeList {
  readonly #added: string[] = []
  readonly #changed: string[] = []
  readonly #removed: string[] = []
  #truncated = false

  added(id: string): void {
    this.#add(this.#added, id)
  }

  changed(id: string): void {
    this.#add(this.#changed, id)
  }

  removed(id: string): void {
    this.#add(this.#removed, id)
  }

  get isEmpty(): boolean {
    return this.#added.length + this.#changed.length + this.#removed.length === 0
  }

  toEvent(): {
    readonly added: readonly string[]
    readonly changed: readonly string[]
    readonly removed: readonly string[]
    readonly truncated: boolean
  } {
    return { added: this.#added, changed: this.#changed, removed: this.#removed, truncated: this.#truncated }
  }

  #add(list: string[], id: string): void {
    if (list.length < MAX_IDS) list.push(id)
    else this.#truncated = true
  }
}
