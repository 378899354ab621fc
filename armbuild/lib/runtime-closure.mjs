// Prints the packages of a node_modules folder that the named ones load, themselves among them, a line each: those of
// `dependencies`, and of `optionalDependencies` what was installed. Usage: runtime-closure.mjs FOLDER NAME...
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder, ...wanted] = process.argv.slice(2)
const found = new Set()
for (const name of wanted) {
  const missing = !existsSync(join(folder, name, 'package.json'))
  if (missing) {
    process.stderr.write(`armbuild: ${name} is not installed in ${folder}\n`)
    process.exit(1)
  }
}
for (let queue = wanted; queue.length > 0; ) {
  const name = queue.shift()
  if (found.has(name) || !existsSync(join(folder, name, 'package.json'))) continue
  found.add(name)
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    readFileSync(join(folder, name, 'package.json'), 'utf8'),
  )
  queue = [...queue, ...Object.keys(dependencies), ...Object.keys(optionalDependencies)]
}
process.stdout.write(`${[...found].sort().join('\n')}\n`)
