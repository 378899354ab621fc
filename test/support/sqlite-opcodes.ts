import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** The first of SQLite's opcodes in the order of their numbers, which no version has changed. */
const FIRST = ['Savepoint', 'AutoCommit', 'Transaction'] as const

/**
 * The names of all opcodes of the bundled SQLite. It has no statement that tells them: they are the texts that one array of
 * addresses in its WebAssembly file points to. Throws where that array can't be found.
 */
export function sqliteOpcodes(): readonly string[] {
  const module = createRequire(import.meta.url).resolve('node-sqlite3-wasm')
  const wasm = readFileSync(module.replace(/\.js$/, '.wasm'))
  const [first, second, third] = FIRST.map((name) => wasm.indexOf(`\0${name}\0`, 0, 'latin1') + 1) as [
    number,
    number,
    number,
  ]
  for (let at = 0; at + 12 <= wasm.length; at++) {
    const address = wasm.readUInt32LE(at)
    const isArray =
      wasm.readUInt32LE(at + 4) - address === second - first && wasm.readUInt32LE(at + 8) - address === third - first
    if (isArray) return namesAt(wasm, at, first - address)
  }
  throw new Error('the names of opcodes were not found in the WebAssembly file of SQLite')
}

/** `offset`: from an address to a place in the file. */
function namesAt(wasm: Buffer, start: number, offset: number): readonly string[] {
  const names: string[] = []
  for (let at = start; at + 4 <= wasm.length; at += 4) {
    const begin = wasm.readUInt32LE(at) + offset
    const end = begin > 0 && begin < wasm.length ? wasm.indexOf(0, begin) : -1
    const name = end < 0 ? '' : wasm.toString('latin1', begin, end)
    if (!/^[A-Z][A-Za-z0-9]*$/.test(name)) break
    names.push(name)
  }
  return names
}
