import type { Notification } from '../notify/note.ts'
import type { ScanContext } from './scan-context.ts'

interface About {
  readonly libraryId: number
  readonly name: string
}

/** Topic `library.lost`; data: libraryId, name, reason. */
export function lostNote({ libraryId, name, reason }: About & { readonly reason: string }): Notification {
  return {
    topic: 'library.lost',
    title: `The library '${name}' looks lost`,
    body: `Nothing of it was changed: ${reason}.`,
    level: 'warn',
    data: { libraryId, name, reason },
  }
}

/** Topic `library.back`; data: libraryId, name. */
export function backNote({ libraryId, name }: About): Notification {
  return { topic: 'library.back', title: `The library '${name}' is back`, data: { libraryId, name } }
}

/**
 * What administrators should know of a scan. Topics `scan.failed`, `scan.problems` (data: scanId, problems) and
 * `files.missing` (data: scanId, missing).
 */
export function tellPeople(
  { notify }: Pick<ScanContext, 'notify'>,
  scan: { readonly scanId: string; readonly removed: number; readonly problems: number; readonly failed: boolean },
): void {
  const { scanId, removed, problems } = scan
  if (scan.failed)
    notify.send({
      topic: 'scan.failed',
      title: 'A scan of the music failed',
      body: 'The log of the server tells why.',
      level: 'error',
      data: { scanId },
    })
  if (problems > 0)
    notify.send({
      topic: 'scan.problems',
      title: `${count(problems, 'file')} could not be read`,
      body: 'The log of the server names them.',
      level: 'warn',
      data: { scanId, problems },
    })
  if (removed > 0)
    notify.send({
      topic: 'files.missing',
      title: `${count(removed, 'file')} ${removed === 1 ? 'is' : 'are'} missing`,
      body: 'Stars and plays stay, in case the files come back.',
      data: { scanId, missing: removed },
    })
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
