import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'

const MAX_16 = 0xffff
const MAX_32 = 0xffff_ffff

export interface Unzipped {
  readonly name: string
  readonly content: Buffer
}

/** The entries of an archive in order of its directory, ZIP64 or not. Throws at what readers stumble over. */
export function unzip(bytes: Buffer): readonly Unzipped[] {
  const found: Unzipped[] = []
  const { count, place } = directoryOf(bytes)
  let at = place
  for (let left = count; left > 0; left--) {
    expect(bytes.readUInt32LE(at) === 0x02014b50, 'a directory of entries')
    expect((bytes.readUInt16LE(at + 8) & 0x0800) !== 0, 'names in UTF-8')
    expect(bytes.readUInt16LE(at + 10) === 0, 'stored entries')
    const [length, extra, start, size] = [
      bytes.readUInt16LE(at + 28),
      bytes.readUInt16LE(at + 30),
      bytes.readUInt32LE(at + 42),
      bytes.readUInt32LE(at + 24),
    ]
    const name = bytes.subarray(at + 46, at + 46 + length).toString()
    expect(bytes.readUInt32LE(start) === 0x04034b50, 'a local header')
    const data = start + 30 + bytes.readUInt16LE(start + 26) + bytes.readUInt16LE(start + 28)
    const content = bytes.subarray(data, data + size)
    if (typeof crc32 === 'function') expect(bytes.readUInt32LE(at + 16) === crc32(content), `the checksum of ${name}`)
    found.push({ name, content })
    at += 46 + length + extra
  }
  return found
}

function directoryOf(bytes: Buffer): { readonly count: number; readonly place: number } {
  const end = bytes.lastIndexOf(Buffer.from('PK\u0005\u0006'))
  expect(end >= 0, 'an end')
  const count = bytes.readUInt16LE(end + 10)
  const place = bytes.readUInt32LE(end + 16)
  if (count < MAX_16 && place < MAX_32) return { count, place }
  const long = Number(bytes.readBigUInt64LE(end - 20 + 8))
  expect(bytes.readUInt32LE(long) === 0x06064b50, 'an end in the long form')
  return { count: Number(bytes.readBigUInt64LE(long + 32)), place: Number(bytes.readBigUInt64LE(long + 48)) }
}

function expect(is: boolean, what: string): void {
  if (!is) throw new Error(`no ${what}`)
}

const PROGRAM = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    bad = z.testzip()
    if bad: sys.exit('broken: ' + bad)
    print(len(z.infolist()))`

/** How many entries Python finds whole; undefined where there is no Python. */
export async function countedByPython(folder: string, bytes: Uint8Array): Promise<number | undefined> {
  const path = join(folder, 'archive.zip')
  await writeFile(path, bytes)
  try {
    const { stdout } = await promisify(execFile)('python3', ['-c', PROGRAM, path])
    return Number(stdout)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
