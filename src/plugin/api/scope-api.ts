/** The scope that a plugin answers: sets, never callbacks. `deny` beats `libraries`. */
export interface AccessScope {
  readonly libraries: 'all' | readonly number[]
  readonly deny?: {
    readonly genres?: readonly string[]
    readonly explicit?: true
    /** `<libraryId>:<folder relative to the library's root>` */
    readonly paths?: readonly string[]
    /** Public ids of songs, albums and artists. */
    readonly ids?: readonly string[]
  }
}
