// Takes away what an install brought for other systems than this one: the addons of uWebSockets.js (some 130 MB), of which
// those for all versions of Node stay, and the second copy of ffmpeg, for browsers (31 MB). Part of `npm ci` in a clone;
// where scripts are off (`--ignore-scripts`) all of it stays, and does no harm. Usage: prune-modules.mjs [FOLDER]
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MODULES = process.argv[2] ?? fileURLToPath(new URL('../node_modules', import.meta.url))
const ADDONS = [join('uWebSockets.js', 'dist', 'bin'), 'uws-node-24']
const FOR_BROWSERS = join('@ffmpeg', 'core', 'dist', 'esm')

const { platform, arch } = process

function filesIn(folder) {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}

for (const folder of ADDONS.map((name) => join(MODULES, name))) {
  const addons = filesIn(folder).filter((name) => name.endsWith('.node'))
  for (const name of addons) if (!name.startsWith(`uws_${platform}_${arch}_`)) rmSync(join(folder, name))
}
rmSync(join(MODULES, FOR_BROWSERS), { recursive: true, force: true })
