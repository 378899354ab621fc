import { writeFileSync } from 'node:fs'
import { defaultFile } from './default-file.ts'

// `npm run config:default`, from the project's root. A test fails when the file is stale.
writeFileSync('config/default.yaml', defaultFile())
