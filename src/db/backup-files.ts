import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  createReadStream,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../base/errors.ts'
import { isRecord } from '../config/sources.ts'
import { DATABASE_FILE } from './data-lock.ts'

/** What a backup folder tells about itself. */
export interface Manifest {
  readonly format: 1
  readonly version: string
  readonly madeAt: string
  /** The database's schema; absent in backups of the first versions. */
  readonly schema?: number
  /** By file name. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>
}

export const KEYS_FOLDER = 'keys'
export const CONFIG_FILE = 'config.yaml'
export const MANIFEST_FILE = 'manifest.json'

/** A private copy that is on the disk when it returns. */
export function copyPrivate(from: string, to: string): void {
  copyFileSync(from, to)
  secure(to)
}

/** Only for the owner, and on the disk. */
export function secure(path: string): void {
  chmodSync(path, statSync(path).isDirectory() ? 0o700 : 0o600)
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

export async function describeFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return { bytes: statSync(path).size, sha256: hash.digest('hex') }
}

/**
 * Reads a backup's manifest and checks each file against it.
 * @throws NOT_FOUND when the folder is no backup, DATA_DAMAGED when a file is not what it was.
 */
export async function checkBackup(folder: string): Promise<Manifest> {
  const manifest = readManifest(folder)
  for (const [name, expected] of Object.entries(manifest.files)) {
    const path = join(folder, name)
    const found = existsSync(path) ? await describeFile(path) : undefined
    if (found?.sha256 !== expected.sha256) {
      throw new AppError('DATA_DAMAGED', `The backup is damaged: ${name} is not what was saved. Take another backup.`)
    }
  }
  return manifest
}

/** @throws NOT_FOUND when the folder is no backup, DATA_TOO_NEW when its form is unknown. */
export function readManifest(folder: string): Manifest {
  const file = join(folder, MANIFEST_FILE)
  const manifest: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  if (!isRecord(manifest) || !isRecord(manifest.files) || !Object.keys(manifest.files).every(isSavedName)) {
    throw new AppError('NOT_FOUND', 'That folder is no backup of Tonearm: it has no manifest.json.')
  }
  if (manifest.format !== 1) {
    throw new AppError('DATA_TOO_NEW', 'The backup was made by a newer version of Tonearm. Install that version first.')
  }
  return manifest as unknown as Manifest
}

/** The only names that a backup holds, so that a foreign manifest can't lead out of the data folder. */
function isSavedName(name: string): boolean {
  return name === DATABASE_FILE || name === CONFIG_FILE || /^keys\/[a-z][a-z0-9-]*(\.previous)?\.key$/.test(name)
}

/** The key files of a data folder or backup, as `keys/<name>`. */
export function keyFiles(folder: string): readonly string[] {
  const keys = join(folder, KEYS_FOLDER)
  if (!existsSync(keys)) return []
  return readdirSync(keys)
    .map((name) => `${KEYS_FOLDER}/${name}`)
    .filter(isSavedName)
}
