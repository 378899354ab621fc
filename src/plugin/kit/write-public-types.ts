import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publicTypes } from './public-types.ts'

// Writes src/plugin/types, which plugin authors compile against: `npm run plugin:types`.
const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = join(root, 'src/plugin/types')
const files = await publicTypes(root)
rmSync(folder, { recursive: true, force: true })
for (const [path, text] of files) {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
