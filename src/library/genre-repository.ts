import type { Genre, Viewer } from './entities.ts'

export interface GenreRepository {
  /** With counts of what is visible; genres without a visible song are left out. By name. */
  list(viewer: Viewer): readonly Genre[]
}
