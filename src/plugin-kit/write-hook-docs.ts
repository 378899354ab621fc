import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withHookDocs } from './hook-docs.ts'

// Writes the tables of hooks in plugins/README.md: `npm run plugin:docs`.
const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = join(root, 'plugins/README.md')
writeFileSync(
  readme,
  withHookDocs(readFileSync(readme, 'utf8'), readFileSync(join(root, 'src/hooks/hooks.ts'), 'utf8')),
)
