// Bundles src/ into dist/ when it is stale; a few milliseconds when it is not. `--force` builds anyway.
// The result replaces the old one as a whole, so that an interrupted build leaves what was there.
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SOURCE = join(ROOT, 'src')
const DIST = join(ROOT, 'dist')
const STAMP = join(DIST, '.stamp')

const MIN_NODE = 20
const EXIT_UNAVAILABLE = 69

/** Loaded from node_modules at run time: native code, or files that they look for beside themselves. */
const EXTERNAL = ['uWebSockets.js', 'node-sqlite3-wasm', 'sharp', '@ffmpeg/core', '@ffmpeg/ffmpeg', 'esbuild']

/** Bundled CommonJS packages call `require` for Node's own modules. */
const BANNER = "import{createRequire as makeRequire}from'node:module';const require=makeRequire(import.meta.url);"

/** Starts of processes and threads of their own, known by their names; `main.ts` beside them. */
const ENTRY = /(^main|-child|-worker)\.ts$/

function fail(message) {
  process.stderr.write(`tonearm: ${message}\n`)
  process.exit(EXIT_UNAVAILABLE)
}

function sourceFiles() {
  return readdirSync(SOURCE, { recursive: true })
    .map((name) => join(SOURCE, String(name)))
    .filter((file) => file.endsWith('.ts'))
    .sort()
}

/** Changes when any source, this script or an installed version does. */
function stampOf(files) {
  const hash = createHash('sha256')
  for (const file of [...files, fileURLToPath(import.meta.url), join(ROOT, 'package-lock.json')]) {
    const { size, mtimeMs } = statSync(file)
    hash.update(`${relative(ROOT, file)} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

function isFresh(stamp) {
  try {
    return readFileSync(STAMP, 'utf8') === stamp
  } catch {
    return false
  }
}

async function loadEsbuild() {
  try {
    return await import('esbuild')
  } catch {
    return fail('the packages that it needs are missing; run `npm ci` first')
  }
}

async function bundle(files, stamp) {
  const { build } = await loadEsbuild()
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const work = mkdtempSync(join(ROOT, '.dist-'))
  try {
    await build({
      entryPoints: files.filter((file) => ENTRY.test(relative(SOURCE, file).split('/').at(-1))),
      outdir: work,
      outbase: SOURCE,
      outExtension: { '.js': '.mjs' },
      chunkNames: 'chunk-[hash]',
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      minifySyntax: true,
      minifyWhitespace: true,
      keepNames: false,
      legalComments: 'eof',
      external: EXTERNAL,
      banner: { js: BANNER },
      define: { TONEARM_VERSION: JSON.stringify(version) },
      logLevel: 'warning',
    })
    writeFileSync(join(work, '.stamp'), stamp)
    replace(work)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Another start may do the same at the same time: the last one wins, both are right. */
function replace(work) {
  const old = mkdtempSync(join(ROOT, '.dist-'))
  try {
    renameSync(DIST, join(old, 'dist'))
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  try {
    renameSync(work, DIST)
    mkdirSync(work)
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  } finally {
    rmSync(old, { recursive: true, force: true })
  }
}

if (Number(process.versions.node.split('.')[0]) < MIN_NODE) {
  fail(`Node.js ${MIN_NODE} or newer is needed; this one is ${process.versions.node}`)
}
const files = sourceFiles()
const stamp = stampOf(files)
if (process.argv.includes('--force') || !isFresh(stamp)) await bundle(files, stamp)
