/** Pieces that are told apart; of a song that is heard in more, the later ones are not noted. */
const MAX_PIECES = 64

/** Which parts of one song were heard, in ms of the song: what is heard twice counts once. */
export class Heard {
  /** Sorted, none touches another. */
  #pieces: (readonly [from: number, to: number])[] = []

  get ms(): number {
    return this.#pieces.reduce((sum, [from, to]) => sum + to - from, 0)
  }

  add(from: number, to: number): void {
    if (!(to > from)) return
    const apart = this.#pieces.filter((piece) => piece[1] < from || piece[0] > to)
    if (apart.length >= MAX_PIECES) return
    const touched = this.#pieces.filter((piece) => piece[1] >= from && piece[0] <= to)
    const joined = [
      Math.min(from, ...touched.map((piece) => piece[0])),
      Math.max(to, ...touched.map((piece) => piece[1])),
    ] as const
    this.#pieces = [...apart, joined].sort((a, b) => a[0] - b[0])
  }
}
