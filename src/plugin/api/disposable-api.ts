/** Undoes what an `effect` acquired. */
export type Cleanup = () => void | Promise<void>

/** Undoes one registration; calling it twice is harmless. */
export interface Disposable {
  dispose(): void
}
