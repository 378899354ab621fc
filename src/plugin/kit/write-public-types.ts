import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withHookDocs } from './hook-docs.ts'
import { publicTypes } from './public-types.ts'

// Writes src/plugin/types, which plugin authors compile against, and the tables of hooks in plugins/README.md:
// `npm run plugin:types`.
const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = join(root, 'src/plugin/types')
const files = await publicTypes(root)
rmSync(folder, { recursive: true, force: true })
for (const [path, text] of files) {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const readme = join(root, 'plugins/README.md')
writeFileSync(
  readme,
  withHookDocs(readFileSync(readme, 'utf8'), readFileSync(join(root, 'src/hooks/hooks.ts'), 'utf8')),
)
