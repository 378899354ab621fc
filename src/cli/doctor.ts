import { execFile } from 'node:child_process'
import { accessSync, constants, readFileSync, statfsSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FULL_SCOPE } from '../base/access-scope.ts'
import { systemErrorCode } from '../base/errors.ts'
import { fileSystemOf, isNetworkFileSystem } from '../base/file-system.ts'
import type { Config } from '../config/load.ts'
import type { Core } from '../core.ts'
import type { IntegrityOutcome } from '../db/integrity-process.ts'
import { uwsPackage } from '../http/uws-addon.ts'
import type { Library } from '../library/entities.ts'
import { accessFindings } from './doctor-access.ts'
import { pluginFindings } from './doctor-plugins.ts'
import type { Finding } from './finding.ts'

/** Looks at everything that commonly goes wrong. Reads the whole database and the roots of the libraries. */
export async function examine(core: Core): Promise<readonly Finding[]> {
  const { config } = core
  const libraries = core.repositories.libraries.list(FULL_SCOPE)
  return [
    nodeVersion(),
    clock(core.clock.now()),
    ...(await folderFindings(config)),
    await database(core),
    ...passwordKey(core),
    ...(libraries.length > 0 ? await Promise.all(libraries.map(library)) : [noLibrary()]),
    watching(config, libraries),
    ...(await Promise.all([port(core), ffmpeg(config), pictures(), httpEngine(config)])),
    ...pluginFindings(core),
    ...accessFindings(core),
    backups(config),
  ]
}

function nodeVersion(): Finding {
  const version = process.versions.node
  const major = Number(version.split('.')[0])
  const found = `Node.js ${version} on ${process.platform} ${process.arch}`
  if (major >= 20) return { level: 'ok', what: 'Program', found }
  return { level: 'fail', what: 'Program', found, advice: 'Install Node.js 20 or newer.' }
}

/** A Raspberry Pi has no clock of its own: until it reached a time server it lives in the past. */
function clock(now: number): Finding {
  const found = new Date(now).toISOString()
  if (now > Date.UTC(2025, 0, 1)) return { level: 'ok', what: 'Clock', found }
  return {
    level: 'fail',
    what: 'Clock',
    found: `${found} is in the past`,
    advice: 'Connect to a time server (timedatectl set-ntp true): play dates and logins need the time.',
  }
}

/** Its name, such as `nfs4`; '' for a local one. */
async function networkFileSystem(path: string): Promise<string> {
  const type = await fileSystemOf(path)
  return isNetworkFileSystem(type) ? type : ''
}

const LITTLE_BYTES = 500e6
const TOO_LITTLE_BYTES = 50e6

async function folderFindings(config: Config): Promise<readonly Finding[]> {
  const { data, cache } = config.paths
  return [
    await folder('Data folder', data),
    ...(cache.startsWith(data) ? [] : [await folder('Cache folder', cache)]),
    ...privacy(data),
  ]
}

async function folder(what: string, path: string): Promise<Finding> {
  try {
    accessSync(path, constants.W_OK)
    const { bavail, bsize } = statfsSync(path)
    const free = bavail * bsize
    const found = `${path}, ${Math.round(free / 1e6)} MB free`
    const network = await networkFileSystem(path)
    if (network && what === 'Data folder') {
      const advice = 'Move it to a local disk (--data DIR): a database on a network share breaks.'
      return { level: 'fail', what, found: `${found}, on ${network}`, advice }
    }
    if (free < TOO_LITTLE_BYTES) return { level: 'fail', what, found, advice: 'Make room: soon nothing can be saved.' }
    if (free < LITTLE_BYTES) return { level: 'warn', what, found, advice: 'Make room before it is full.' }
    return { level: 'ok', what, found }
  } catch (error) {
    const found = `${path} can not be written to (${systemErrorCode(error)})`
    return { level: 'fail', what, found, advice: 'Give it to the user that runs Tonearm (chown).' }
  }
}

function privacy(data: string): readonly Finding[] {
  if ((statSync(data).mode & 0o007) === 0) return []
  const found = 'other users of this machine may look into the data folder'
  return [{ level: 'warn', what: 'Data folder', found, advice: `Take that away: chmod 700 ${data}` }]
}

async function database(core: Core): Promise<Finding> {
  const what = 'Database'
  const outcome = await core.checkDatabase()
  if ('unchecked' in outcome) return { level: 'warn', what, ...uncheckedFinding(outcome) }
  const { ok, problems } = outcome
  const { fileBytes, walBytes } = core.db.stats()
  if (ok) return { level: 'ok', what, found: `sound, ${((fileBytes + walBytes) / 1e6).toFixed(1)} MB` }
  const advice = 'Stop the server and restore a backup: tonearm restore FOLDER'
  return { level: 'fail', what, found: `damaged: ${problems.slice(0, 3).join('; ')}`, advice }
}

function uncheckedFinding(
  outcome: Extract<IntegrityOutcome, { unchecked: string }>,
): Pick<Finding, 'found' | 'advice'> {
  if (outcome.unchecked === 'late')
    return {
      found: `not finished: the check took longer than ${outcome.seconds} seconds, and tells nothing of damage`,
      advice: 'Check again when the disk has less to do: tonearm doctor',
    }
  return {
    found: `not checked: no process could do it (${outcome.reason})`,
    advice: 'Let Tonearm write to the temporary folder (TMPDIR) or the data folder, then check again: tonearm doctor',
  }
}

function passwordKey(core: Core): readonly Finding[] {
  const problem = core.keyProblem()
  if (problem === undefined) return []
  const [found, ...advice] = problem.split('. ')
  return [{ level: 'fail', what: 'Password key', found: found ?? problem, advice: advice.join('. ') }]
}

function noLibrary(): Finding {
  return {
    level: 'fail',
    what: 'Music',
    found: 'no folder',
    advice: 'Name one: --music DIR, or music: in config.yaml.',
  }
}

async function library({ id, name, path, songCount, state, stateReason }: Library): Promise<Finding> {
  const what = `Music (${name})`
  try {
    // Others are served while a disk wakes up.
    const entries = (await readdir(path)).length
    const network = await networkFileSystem(path)
    const found = `${path}, ${songCount} songs${network ? `, on ${network}` : ''}`
    if (state === 'lost') {
      const advice = `Mount it again, or confirm the loss: tonearm scan --accept-missing --library ${id}`
      return { level: 'fail', what, found: `${found}; ${stateReason}`, advice }
    }
    if (entries > 0) return { level: 'ok', what, found }
    return { level: 'warn', what, found: `${path} is empty`, advice: 'Is the disk mounted?' }
  } catch (error) {
    const found = `${path} can not be read (${systemErrorCode(error)})`
    return { level: 'fail', what, found, advice: 'Mount it, or let the user that runs Tonearm read it.' }
  }
}

function watching(config: Config, libraries: readonly Library[]): Finding {
  const what = 'Watching'
  const folders = libraries.reduce((sum, { folderCount }) => sum + folderCount, 0)
  if (config.scanner.watch !== 'auto' || config.scanner.watchWait === 0) {
    return { level: 'ok', what, found: config.scanner.watch === 'poll' ? 'by polling' : 'off' }
  }
  let limit: number
  try {
    limit = Number(readFileSync('/proc/sys/fs/inotify/max_user_watches', 'utf8'))
  } catch {
    return { level: 'ok', what, found: `${folders} folders` }
  }
  if (folders < limit * 0.8) return { level: 'ok', what, found: `${folders} folders, the system allows ${limit}` }
  return {
    level: 'warn',
    what,
    found: `${folders} folders, but the system allows ${limit} watches; the rest is polled`,
    advice: `Allow more: sysctl fs.inotify.max_user_watches=${Math.max(524_288, folders * 2)}`,
  }
}

/** In the server the port is its own; else it must be free. */
function port(core: Core): Promise<Finding> {
  const what = 'Address'
  const { host, port: number } = core.config.server
  if (core.listening) return Promise.resolve({ level: 'ok', what, found: `${core.listening} (running)` })
  if (host.startsWith('unix:')) return Promise.resolve({ level: 'ok', what, found: host })
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error) => {
      const found = `${host}:${number} can not be used (${systemErrorCode(error)})`
      resolve({ level: 'fail', what, found, advice: 'Stop the program that uses it, or choose another: --port NUMBER' })
    })
    probe.listen(number, host, () =>
      probe.close(() => resolve({ level: 'ok', what, found: `${host}:${number} is free` })),
    )
  })
}

async function ffmpeg(config: Config): Promise<Finding> {
  const what = 'Transcoding'
  const { engine, ffmpegPath } = config.transcoding
  if (engine === 'off') return { level: 'ok', what, found: 'off' }
  const output = engine === 'wasm' ? undefined : await run(ffmpegPath, ['-hide_banner', '-version'])
  const version = /^ffmpeg version (\S+)/.exec(output ?? '')?.[1]
  if (version) return { level: 'ok', what, found: `ffmpeg ${version}` }
  const wasm = canResolve('@ffmpeg/core')
  if (engine === 'wasm' && wasm) return { level: 'ok', what, found: 'the built-in engine' }
  const advice = 'Install ffmpeg (sudo apt install ffmpeg), or name it by transcoding.ffmpegPath.'
  if (engine === 'native' || !wasm) return { level: 'fail', what, found: `${ffmpegPath} is not there`, advice }
  return { level: 'warn', what, found: 'no ffmpeg: the built-in engine is slower and takes 200 MB at work', advice }
}

async function pictures(): Promise<Finding> {
  const what = 'Pictures'
  if (await canLoad('sharp')) return { level: 'ok', what, found: 'sharp makes smaller covers' }
  const advice = 'Install it: npm install --include=optional sharp'
  return { level: 'warn', what, found: 'sharp is not there: covers are sent in their full size', advice }
}

async function httpEngine(config: Config): Promise<Finding> {
  const what = 'HTTP'
  const { adapter } = config.server
  if (adapter === 'node') return { level: 'ok', what, found: 'node:http, as configured' }
  if (await canLoad(uwsPackage())) {
    if (adapter === 'auto' && config.server.host.startsWith('unix:'))
      return { level: 'ok', what, found: 'node:http, as always on a Unix socket' }
    const old =
      adapter === 'uws'
        ? 'a proxy must speak HTTP/1.1 (nginx: proxy_http_version 1.1)'
        : 'node:http takes over where a proxy speaks HTTP/1.0, as nginx does untold (proxy_http_version 1.1)'
    return { level: 'ok', what, found: `uWebSockets.js; ${old}` }
  }
  const found = `uWebSockets.js does not load on Node.js ${process.versions.node} here`
  if (adapter === 'uws')
    return {
      level: 'fail',
      what,
      found,
      advice: 'Set server.adapter to auto, or use Node.js 20, 22 or 24 and run npm ci.',
    }
  return {
    level: 'warn',
    what,
    found: `${found}; node:http serves`,
    advice: 'Node.js 20, 22 or 24 makes it quicker; after a change of Node run npm ci.',
  }
}

function backups({ backup }: Config): Finding {
  if (backup.schedule.kind !== 'off')
    return { level: 'ok', what: 'Backups', found: `made by themselves in ${backup.path}` }
  const advice = 'Make them: backup: {schedule: "0 3 * * *"} in config.yaml, or tonearm backup.'
  return { level: 'warn', what: 'Backups', found: 'none are made by themselves', advice }
}

const PROBE_DEADLINE_MS = 10_000

function run(file: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(file, [...args], { timeout: PROBE_DEADLINE_MS, encoding: 'utf8', cwd: HERE }, (error, stdout) =>
      resolve(error ? undefined : stdout),
    )
  })
}

const HERE = dirname(fileURLToPath(import.meta.url))

/** In a process of its own: native code would stay in this one. */
async function canLoad(name: string): Promise<boolean> {
  const script = `await import(${JSON.stringify(name)}); process.stdout.write('ok'); process.exit(0)`
  return (await run(process.execPath, ['--input-type=module', '-e', script])) === 'ok'
}

function canResolve(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}

/** The findings as lines for people. */
export function findingsText(findings: readonly Finding[]): string {
  return findings
    .map(
      ({ level, what, found, advice }) =>
        `${level.padEnd(5)}${what.padEnd(14)} ${found}${advice ? `\n${' '.repeat(20)}→ ${advice}` : ''}`,
    )
    .join('\n')
}
