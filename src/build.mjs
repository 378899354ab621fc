// Bundles src/ into dist/ when it is stale. `--force` builds anyway. launch.sh runs it when something is newer than the stamp.
// The result replaces the old one as a whole, so that an interrupted build leaves what was there.
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SOURCE = join(ROOT, 'src')
const DIST = join(ROOT, 'dist')
const STAMP = join(DIST, '.stamp')

const LOCK_FILE = join(ROOT, 'package-lock.json')
const LOCK = join(ROOT, '.dist-lock')
/** A build takes a second or two, on a Raspberry Pi ten. */
const STALE_LOCK_MS = 120_000

const STARTED_MS = Date.now()
const COARSE_MS = 2000

const MIN_NODE = 20
const EXIT_UNAVAILABLE = 69

/** Loaded from node_modules at run time: native code, or files that they look for beside themselves. */
const EXTERNAL = ['uWebSockets.js', 'uws-node-24', 'node-sqlite3-wasm', 'sharp', '@ffmpeg/core', 'esbuild']

/** Bundled CommonJS packages call `require` for Node's own modules. */
const BANNER = "import{createRequire as makeRequire}from'node:module';const require=makeRequire(import.meta.url);"

/**
 * Node's own modules by `require`: an `import` of one reads all its members, and behind some of them wait other modules
 * (WebCrypto behind crypto, undici behind http), which take a tenth of a start.
 */
const REQUIRED = {
  name: 'required builtins',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, kind, namespace }) =>
      kind === 'import-statement' && namespace === 'file'
        ? { path, namespace: 'builtin', sideEffects: false }
        : undefined,
    )
    build.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => {
      const names = new Set(
        [...Object.keys(makeRequire(path)), ...(YOUNG[path] ?? [])].filter((name) => /^\w+$/.test(name)),
      )
      names.delete('default')
      const lines = [...names].map(
        (name, at) => `const v${at} = /* @__PURE__ */ (() => it.${name})(); export { v${at} as ${name} }`,
      )
      return { contents: [`const it = require('${path}')`, 'export default it', ...lines].join('\n'), loader: 'js' }
    })
  },
}
const makeRequire = createRequire(import.meta.url)
/** What the builder's Node may not have, and another's has. */
const YOUNG = { 'node:zlib': ['crc32'] }

/** Starts of processes and threads of their own, known by their names; `main.ts` beside them. */
const ENTRY = /(^main|-child|-worker)\.ts$/

/** What the package's `exports` name: the plugin API and its test kit. */
const PUBLIC = [
  { in: join(SOURCE, 'plugin/api/define.ts'), out: 'plugin' },
  { in: join(SOURCE, 'plugin-kit/testing/create-test-host.ts'), out: 'plugin-testing' },
]

/** What all web pages have in common: browsers get it as it is. */
const PAGES = join(SOURCE, 'plugin/pages/kit')

/** What comes with the server as plugins, in folders of their names. */
const PLUGINS = join(ROOT, 'plugins')
const NOT_SHIPPED = /(^|[/\\])(node_modules|test|dist)([/\\]|$)/

function pluginFiles() {
  try {
    return readdirSync(PLUGINS, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
      .filter((file) => !NOT_SHIPPED.test(relative(PLUGINS, file)))
      .sort()
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}

/** A server that was installed runs no bundler, so its plugins are bundled here. One that can't be is told and left out. */
async function bundlePlugins(work, { build, shared, version }) {
  const files = pluginFiles()
  const names = new Set(files.map((file) => relative(PLUGINS, file).split('/')))
  const folders = new Set([...names].flatMap(([name, ...rest]) => (rest.length > 0 ? [name] : [])))
  if (folders.size === 0) return
  await withTool('pack-installed', { build, shared }, async ({ packInstalled }) => {
    for (const name of folders) {
      try {
        const packed = await packInstalled(join(PLUGINS, name), version)
        writePlugin(join(work, 'plugins', name), { files, folder: join(PLUGINS, name), packed })
      } catch (error) {
        process.stderr.write(`tonearm: the plugin ${name} is left out: ${error.message}\n`)
      }
    }
  })
}

/** The declarations that plugin authors compile against. Only where TypeScript is: a server by itself needs none. */
async function writeTypes(work, tools) {
  if (!existsSync(join(ROOT, 'node_modules/typescript'))) return
  await withTool('public-types', tools, async ({ publicTypes }) => {
    try {
      for (const [path, text] of await publicTypes(ROOT)) {
        const file = join(work, 'types', path)
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, text)
      }
    } catch (error) {
      process.stderr.write(`tonearm: the declarations for plugin authors are left out: ${error.message}\n`)
    }
  })
}

/** Runs a part of the kit of plugin authors, which this script can't import as it is. */
async function withTool(name, { build, shared }, work) {
  const folder = mkdtempSync(join(ROOT, '.dist-'))
  try {
    const entry = { in: join(SOURCE, `plugin-kit/${name}.ts`), out: name }
    await build({ ...shared, outdir: folder, splitting: false, entryPoints: [entry] })
    await work(await import(join(folder, `${name}.mjs`)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** With the files beside the code, for its assets. */
function writePlugin(target, { files, folder, packed }) {
  mkdirSync(target, { recursive: true })
  writeFileSync(join(target, 'plugin.js'), packed.code)
  writeFileSync(join(target, 'plugin.json'), packed.manifest)
  for (const file of files.filter((one) => one.startsWith(join(folder, '/')) && !/\.(ts|md|json)$/.test(one))) {
    const copy = join(target, relative(folder, file))
    mkdirSync(dirname(copy), { recursive: true })
    copyFileSync(file, copy)
  }
}

function fail(message) {
  process.stderr.write(`tonearm: ${message}\n`)
  process.exit(EXIT_UNAVAILABLE)
}

function sourceFiles() {
  return readdirSync(SOURCE, { recursive: true })
    .map((name) => join(SOURCE, String(name)))
    .filter((file) => /\.(ts|css|js)$/.test(file))
    .sort()
}

/** Changes when any source, this script or an installed version does. */
function stampOf(files) {
  const hash = createHash('sha256')
  for (const file of [...files, ...pluginFiles(), fileURLToPath(import.meta.url), LOCK_FILE]) {
    const { size, mtimeMs } = statSync(file)
    hash.update(`${relative(ROOT, file)} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

/** What changes from now on, or did just before (some file systems keep whole seconds), is newer than the stamp. */
function dateStamp(file) {
  const date = (STARTED_MS - COARSE_MS) / 1000
  utimesSync(file, date, date)
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
    const shared = {
      outdir: work,
      // Paths from here go into the names of chunks: the same bundle wherever the sources lie.
      absWorkingDir: ROOT,
      outbase: SOURCE,
      outExtension: { '.js': '.mjs' },
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
    }
    const entries = files.filter((file) => ENTRY.test(relative(SOURCE, file).split('/').at(-1)))
    await build({ ...shared, plugins: [REQUIRED], entryPoints: entries, chunkNames: 'chunk-[hash]' })
    // By themselves, so that the server's own files stay few and hold nothing of the kit.
    await build({ ...shared, entryPoints: PUBLIC, chunkNames: 'plugin-chunk-[hash]' })
    cpSync(PAGES, join(work, 'pages'), { recursive: true })
    await bundlePlugins(work, { build, shared, version })
    await writeTypes(work, { build, shared })
    for (const name of readdirSync(work, { recursive: true }).map(String)) {
      if (name.endsWith('.mjs') || name.endsWith('plugin.js')) makeAscii(join(work, name))
    }
    writeFileSync(join(work, '.stamp'), stamp)
    dateStamp(join(work, '.stamp'))
    replace(work)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/**
 * V8 keeps a source with one letter beyond Latin-1 in two bytes a character: 1.7 MB instead of 0.85. esbuild escapes all but
 * those in regular expressions, where the escape means the same, and in tagged templates, where only `raw` tells it apart.
 */
function makeAscii(file) {
  const text = readFileSync(file, 'utf8')
  if (/\.raw\b/.test(text) && file.endsWith('plugin.js')) return
  const ascii = text.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  if (ascii !== text) writeFileSync(file, ascii)
}

function replace(work) {
  const old = mkdtempSync(join(ROOT, '.dist-'))
  try {
    renameSync(DIST, join(old, 'dist'))
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  chmodSync(work, 0o755)
  renameSync(work, DIST)
  rmSync(old, { recursive: true, force: true })
}

/** A folder as a lock: of several starts at the same time one builds, the others wait for it. */
async function withLock(work) {
  for (;;) {
    try {
      mkdirSync(LOCK)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (lockAge() > STALE_LOCK_MS) rmSync(LOCK, { recursive: true, force: true })
      else await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  try {
    await work()
  } finally {
    rmSync(LOCK, { recursive: true, force: true })
  }
}

function lockAge() {
  const made = statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs
  return made === undefined ? 0 : Date.now() - made
}

async function buildIfStale() {
  const files = sourceFiles()
  const stamp = stampOf(files)
  if (force || !isFresh(stamp)) await bundle(files, stamp)
}

/** So that the next start need not look as closely. */
function redate() {
  try {
    dateStamp(STAMP)
  } catch {
    // Where that can't be written, every start looks.
  }
}

/** Where the disk can't be written, as in a container, the old bundle is better than no server. */
function withoutBuild(error) {
  if (!['EROFS', 'EACCES', 'EPERM'].includes(error.code)) throw error
  const reason = `${ROOT} can not be written to (${error.code})`
  if (force || !existsSync(join(DIST, 'main.mjs'))) fail(`there is no fresh bundle, and none can be made: ${reason}`)
  process.stderr.write(`tonearm: the bundle is older than the sources and runs as it is: ${reason}\n`)
}

if (Number(process.versions.node.split('.')[0]) < MIN_NODE) {
  fail(`Node.js ${MIN_NODE} or newer is needed; this one is ${process.versions.node}`)
}
const force = process.argv.includes('--force')
// An npm package brings what was built and never a lock file: it is taken as it is, as nothing in it changes.
const isPackaged = !existsSync(LOCK_FILE) && existsSync(STAMP)
if (isPackaged) process.exit(0)
if (force || !isFresh(stampOf(sourceFiles()))) await withLock(buildIfStale).catch(withoutBuild)
else redate()
