import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { AppError } from '../../base/errors.ts'

const MAX_BYTES = 50 * 1024 * 1024
const MAX_ENTRIES = 5_000
/** An archive's name with what stands for its version. */
const UNPACKED = /^(.+)-[0-9a-f]{12}(?:\.new)?$/

/**
 * Unpacks an npm-style archive (everything below one top folder) into `<into>/<name>-<stamp>`, once; older versions of
 * the same archive go. Links and paths that lead out are refused. Rejects with BAD_REQUEST. @returns the folder.
 */
export async function unpackArchive(file: string, into: string, stamp: string): Promise<string> {
  const name = basename(file, '.tgz')
  const folder = join(into, `${name}-${createHash('sha1').update(stamp).digest('hex').slice(0, 12)}`)
  if (
    await readdir(folder).then(
      () => true,
      () => false,
    )
  )
    return folder
  const temporary = `${folder}.new`
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true, mode: 0o700 })
  let bytes = 0
  let entries = 0
  let refused = ''
  try {
    // Hardly any start unpacks something.
    const { x: extract } = await import('tar')
    await extract({
      file,
      cwd: temporary,
      strip: 1,
      strict: true,
      filter: (path, entry) => {
        entries++
        bytes += 'size' in entry ? entry.size : 0
        const type = 'type' in entry ? entry.type : 'File'
        if (bytes > MAX_BYTES || entries > MAX_ENTRIES) refused ||= 'it is larger than a plugin may be'
        else if (type !== 'File' && type !== 'OldFile' && type !== 'Directory') refused ||= `${path} is a link`
        return refused === ''
      },
    })
  } catch (cause) {
    refused ||= cause instanceof Error ? cause.message : String(cause)
  }
  if (refused) {
    await rm(temporary, { recursive: true, force: true })
    throw new AppError('BAD_REQUEST', `${basename(file)} can't be unpacked: ${refused}`)
  }
  for (const old of await readdir(into)) {
    // The name of another archive may begin like this one's.
    if (archiveOf(old) === name && join(into, old) !== temporary)
      await rm(join(into, old), { recursive: true, force: true })
  }
  await rename(temporary, folder)
  return folder
}

/** What was unpacked of archives that are gone, or that a kill left half done. `files`: the archives that are there. */
export async function removeLeftovers(into: string, files: readonly string[]): Promise<void> {
  const there = new Set(files.map((file) => basename(file, '.tgz')))
  for (const folder of await readdir(into).catch(() => [])) {
    const name = archiveOf(folder)
    if (name !== undefined && !there.has(name)) await rm(join(into, folder), { recursive: true, force: true })
  }
}

function archiveOf(folder: string): string | undefined {
  return UNPACKED.exec(folder)?.[1]
}
