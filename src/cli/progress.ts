import type { Library } from '../library/entities.ts'
import type { Terminal } from '../log/terminal.ts'
import type { ScanStatus, ScanSummary } from '../scanner/scanner.ts'

const BAR_WIDTH = 30

/** One line about a running scan, at most `columns` wide. */
export function progressLine(status: ScanStatus, columns: number): string {
  const { count, total, elapsedMs } = status
  const rate = elapsedMs > 1000 ? `  ${Math.round((count * 1000) / elapsedMs)} a second` : ''
  if (total === undefined || total === 0) return `Looking for music: ${count} files${rate}`.slice(0, columns - 1)
  const share = Math.min(1, count / total)
  const filled = Math.round(share * BAR_WIDTH)
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`
  const percent = `${Math.floor(share * 100)} %`.padStart(5)
  return `Scanning ${bar} ${percent}  ${count} of ${total} files${rate}`.slice(0, columns - 1)
}

/** Shows scans on the terminal's status line; call the result for each status. */
export function progressBar(terminal: Terminal): (status: ScanStatus | undefined) => void {
  let shownAt = 0
  return (status) => {
    if (!status?.scanning) {
      shownAt = 0
      terminal.status(undefined)
      return
    }
    if (Date.now() - shownAt < REDRAW_MS) return
    shownAt = Date.now()
    terminal.status(progressLine(status, terminal.columns))
  }
}

const REDRAW_MS = 100

/** The end of a scan in a sentence or two. */
export function summaryText(summary: ScanSummary): string {
  const parts = [
    [summary.added, 'new'],
    [summary.changed, 'changed'],
    [summary.moved, 'moved'],
    [summary.returned, 'back again'],
    [summary.removed, 'gone'],
    [summary.problems, 'unreadable'],
  ] as const
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  const seconds = (summary.durationMs / 1000).toFixed(1)
  const head = `${summary.cancelled ? 'Stopped' : 'Done'} in ${seconds} s: ${told.length > 0 ? told.join(', ') : 'nothing changed'}.`
  const lost = summary.lost.map(
    ({ libraryId, reason }) =>
      `Library ${libraryId} was left as it was: ${reason} If that is right, confirm it: tonearm scan --accept-missing --library ${libraryId}`,
  )
  return [head, ...lost].join('\n')
}

/** What there is to hear, or what to do when that is nothing. */
export function libraryText(libraries: readonly Pick<Library, 'path' | 'songCount' | 'albumCount'>[]): string {
  const sum = (value: (library: (typeof libraries)[number]) => number) =>
    libraries.reduce((total, library) => total + value(library), 0)
  const songs = sum(({ songCount }) => songCount)
  const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`
  if (songs > 0)
    return `${counted(songs, 'song')} in ${counted(
      sum(({ albumCount }) => albumCount),
      'album',
    )}. Ready.`
  const folders = libraries.map(({ path }) => path).join(', ')
  return `There is no music in ${folders} yet.\n  Put some there: it is found by itself. Or name another folder: --music FOLDER`
}
