import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publicSources, withPluginDocs } from './plugin-docs.ts'

// Writes the reference in plugins/README.md: `npm run plugin:docs`.
const root = fileURLToPath(new URL('../..', import.meta.url))
const page = join(root, 'plugins/README.md')
writeFileSync(page, withPluginDocs(readFileSync(page, 'utf8'), publicSources(root)))
