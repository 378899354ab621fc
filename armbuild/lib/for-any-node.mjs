// Makes npm install the optional packages named whichever Node it runs on, as the target's is another.
// Usage: for-any-node.mjs LOCK_FILE NAME...
import { readFileSync, writeFileSync } from 'node:fs'

const [file, ...names] = process.argv.slice(2)
const lock = JSON.parse(readFileSync(file, 'utf8'))
for (const name of names) delete lock.packages[`node_modules/${name}`].engines
writeFileSync(file, JSON.stringify(lock))
