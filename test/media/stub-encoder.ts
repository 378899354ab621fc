import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface StubEncoder {
  /** Bytes that it writes in all; endless when Infinity. */
  readonly bytes: number
  /** Pause between blocks of 16 KiB; 0 = as fast as it is read. */
  readonly pauseMs?: number
  readonly exitCode?: number
  /** Stays alive on SIGTERM and when nobody reads any more. */
  readonly stubborn?: boolean
}

/**
 * A program that answers like ffmpeg and "encodes" by a pattern at a pace of its own: how jobs are run can so be tested on
 * machines without ffmpeg. Byte n of its output is n modulo 251.
 */
export function writeStubEncoder(folder: string, stub: StubEncoder): string {
  const path = join(folder, 'stub-ffmpeg')
  const total = Number.isFinite(stub.bytes) ? String(stub.bytes) : 'Infinity'
  writeFileSync(
    path,
    `#!${process.execPath}
const { writeSync } = require('node:fs')
if (process.argv.includes('-version')) { console.log('ffmpeg version stub'); process.exit(0) }
if (process.argv.includes('-encoders')) {
  for (const name of ['libmp3lame', 'libopus', 'aac', 'libvorbis', 'flac']) console.log(' A....D ' + name + ' stub')
  process.exit(0)
}
${stub.stubborn ? "process.on('SIGTERM', () => {})" : ''}
const block = Buffer.alloc(16384)
let at = 0
function step() {
  if (at >= ${total}) process.exit(${stub.exitCode ?? 0})
  const length = Math.min(block.length, ${total} - at)
  for (let i = 0; i < length; i++) block[i] = (at + i) % 251
  let done = 0
  while (done < length) {
    try { done += writeSync(1, block, done, length - done) }
    catch (error) { if (error.code !== 'EAGAIN') { ${stub.stubborn ? 'setInterval(() => {}, 1000); return' : 'process.exit(1)'} } Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2) }
  }
  at += length
  ${stub.pauseMs ? `setTimeout(step, ${stub.pauseMs})` : 'setImmediate(step)'}
}
step()
`,
  )
  chmodSync(path, 0o755)
  return path
}

/** The stub's output, from `start` on. */
export function stubBytes(length: number, start = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (start + index) % 251)
}
