import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { FULL_SCOPE } from '../base/access-scope.ts'
import type { Clock } from '../base/clock.ts'
import { yieldToLoop } from '../base/deadline.ts'
import { AppError, systemErrorCode } from '../base/errors.ts'
import { encodeId, type LibraryId } from '../base/ids.ts'
import type { HookBus } from '../hooks/hook-bus.ts'
import type { Library } from '../library/entities.ts'
import { isWithin, overlap } from '../library/library-folders.ts'
import type { LibraryRepository, LibrarySettings } from '../library/library-repository.ts'
import type { Logger } from '../log/logger.ts'
import type { Scanner } from './scanner.ts'

export interface LibraryAdminParts {
  readonly libraries: LibraryRepository
  readonly scanner: Scanner
  readonly hooks: HookBus
  readonly clock: Clock
  readonly log: Logger
  /** Of the server's own data, which is no music. */
  readonly dataDir: string
  /** After any change of what exists: cached views of users are old. */
  readonly onAccessChanged: () => void
}

export type LibraryChanges = Partial<LibrarySettings & { readonly defaultNewUsers: boolean }>

/** Adding, changing and removing music folders while the server runs. Each change starts a scan; no file is touched. */
export interface LibraryAdmin {
  /** Rejects with INVALID_PARAMETER or CONFLICT; `details.field` and `details.problem` say what is wrong. */
  create(settings: LibraryChanges & { readonly name: string; readonly path: string }): Promise<Library>
  /** As `create`; CONFLICT for what the configuration file says. NOT_FOUND. */
  update(id: LibraryId, changes: LibraryChanges): Promise<Library>
  /** With all music of it from the database. CONFLICT when the configuration names it. NOT_FOUND. */
  remove(id: LibraryId): Promise<void>
}

const NARROWING = ['recursive', 'followSymlinks', 'excludePatterns'] as const
const MAX_NAME = 200
const MAX_PATTERNS = 200
const MAX_PATTERN = 500
const MAX_TOLD = 1000

export function createLibraryAdmin(parts: LibraryAdminParts): LibraryAdmin {
  const { libraries, scanner, hooks, clock, log, dataDir } = parts

  function existing(id: LibraryId): Library {
    const library = libraries.find(FULL_SCOPE, id)
    if (!library) throw new AppError('NOT_FOUND', 'There is no such library.')
    return library
  }

  function checked(changes: LibraryChanges, self: Library | undefined): LibraryChanges {
    const others = libraries.list(FULL_SCOPE).filter(({ id }) => id !== self?.id)
    const { name, path, excludePatterns } = changes
    return {
      ...changes,
      ...(name === undefined ? {} : { name: checkName(name, others) }),
      ...(path === undefined || path === self?.path ? {} : { path: checkPath(path, others, dataDir) }),
      ...(excludePatterns === undefined ? {} : { excludePatterns: checkPatterns(excludePatterns) }),
    }
  }

  async function changed(id: LibraryId, { acceptMissing = false } = {}): Promise<Library> {
    parts.onAccessChanged()
    await scanner.refresh()
    scanner.scan({ kind: 'quick', libraries: [id], acceptMissing }).catch((error: unknown) => {
      log.warn('scan after a change of libraries failed', { library: id, error: String(error) })
    })
    return existing(id)
  }

  return {
    async create(settings) {
      const { defaultNewUsers, ...own } = checked(settings, undefined)
      const id = libraries.create(
        {
          name: own.name ?? settings.name,
          path: own.path ?? settings.path,
          recursive: own.recursive ?? true,
          followSymlinks: own.followSymlinks ?? true,
          excludePatterns: own.excludePatterns ?? [],
        },
        clock.now(),
      )
      if (defaultNewUsers !== undefined) libraries.update(id, { defaultNewUsers }, clock.now())
      log.info('library added', { library: id })
      return changed(id)
    },

    async update(id, changes) {
      const before = existing(id)
      const wanted = differing(before, checked(changes, before))
      if (Object.keys(wanted).length === 0) return before
      const fixed = Object.keys(wanted).filter((key) => key !== 'defaultNewUsers')
      if (before.fromConfig && fixed.length > 0) {
        throw refused(
          'CONFLICT',
          fixed[0] as string,
          'fromConfig',
          'The configuration file says this of the library: change it there.',
        )
      }
      if (fixed.length === 0) libraries.update(id, wanted, clock.now())
      else await scanner.exclusive(async () => libraries.update(id, wanted, clock.now()))
      log.info('library changed', { library: id, fields: Object.keys(wanted) })
      if (fixed.length === 0) return existing(id)
      // What the new options leave out is gone because somebody wanted it so: that is no lost disk.
      const isNarrower = NARROWING.some((key) => key in wanted) && !('path' in wanted)
      return changed(id, { acceptMissing: isNarrower && before.state === 'ok' })
    },

    async remove(id) {
      const library = existing(id)
      if (library.fromConfig) {
        throw refused(
          'CONFLICT',
          'id',
          'fromConfig',
          'The configuration file names this library: take it out there first.',
        )
      }
      await scanner.exclusive(async () => {
        existing(id)
        const songs = libraries.songIds(id, MAX_TOLD + 1)
        for (const _ of libraries.removal(id)) {
          parts.onAccessChanged()
          await yieldToLoop()
        }
        log.info('library removed', { library: id })
        hooks.observe('library.changed', {
          added: [],
          changed: [],
          removed: songs.slice(0, MAX_TOLD).map((song) => encodeId('song', song)),
          truncated: songs.length > MAX_TOLD,
        })
      })
      parts.onAccessChanged()
      await scanner.refresh()
    },
  }
}

function differing(before: Library, changes: LibraryChanges): LibraryChanges {
  const entries = Object.entries(changes).filter(
    ([key, value]) => JSON.stringify(before[key as keyof LibraryChanges]) !== JSON.stringify(value),
  )
  return Object.fromEntries(entries)
}

function checkName(name: string, others: readonly Library[]): string {
  const clean = name.normalize('NFC').trim()
  if (clean === '') throw refused('INVALID_PARAMETER', 'name', 'required', 'A library needs a name.')
  if (clean.length > MAX_NAME || /\p{Cc}/u.test(clean))
    throw refused(
      'INVALID_PARAMETER',
      'name',
      'invalid',
      `The name of a library has at most ${MAX_NAME} characters, on one line.`,
    )
  if (others.some((other) => other.name === clean))
    throw refused('CONFLICT', 'name', 'unique', 'Another library has this name. Choose another.')
  return clean
}

/**
 * Not inside of another library and not around one, whatever links lead there: a song belongs to one library. Around the
 * data folder it may lie, with data on the disk of the music.
 */
function checkPath(path: string, others: readonly Library[], dataDir: string): string {
  if (path.trim() === '') throw refused('INVALID_PARAMETER', 'path', 'required', 'A library needs a folder.')
  if (!isAbsolute(path) || path.includes('\0'))
    throw refused(
      'INVALID_PARAMETER',
      'path',
      'pathNotAbsolute',
      'Give the whole path of the folder, from the root on.',
    )
  const clean = resolve(path)
  let real: string
  try {
    real = realpathSync(clean)
    if (!statSync(real).isDirectory())
      throw refused('INVALID_PARAMETER', 'path', 'pathNotDirectory', 'This is a file. Give a folder.')
    accessSync(real, constants.R_OK | constants.X_OK)
  } catch (error) {
    if (error instanceof AppError) throw error
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR')
      throw refused('INVALID_PARAMETER', 'path', 'pathNotFound', 'There is no such folder on the server.')
    throw refused(
      'INVALID_PARAMETER',
      'path',
      'pathNotAccessible',
      'The server may not read this folder. Check its rights.',
    )
  }
  if (isWithin(real, dataDir))
    throw refused('INVALID_PARAMETER', 'path', 'pathInDataFolder', 'Here lie the data of the server, no music.')
  if (others.some((other) => overlap(real, other.path)))
    throw refused('CONFLICT', 'path', 'pathInOtherLibrary', 'This folder lies in another library, or around one.')
  return clean
}

function checkPatterns(patterns: readonly string[]): readonly string[] {
  const clean = patterns.map((pattern) => pattern.trim()).filter((pattern) => pattern !== '')
  if (clean.length > MAX_PATTERNS || clean.some((pattern) => pattern.length > MAX_PATTERN || /\p{Cc}/u.test(pattern)))
    throw refused(
      'INVALID_PARAMETER',
      'scanOptions',
      'invalid',
      `There are at most ${MAX_PATTERNS} patterns of ${MAX_PATTERN} characters, each on one line.`,
    )
  return clean
}

function refused(code: 'INVALID_PARAMETER' | 'CONFLICT', field: string, problem: string, message: string): AppError {
  return new AppError(code, message, { details: { field, problem } })
}
