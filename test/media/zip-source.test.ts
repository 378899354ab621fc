import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteSource, ByteStream } from '../../src/base/byte-source.ts'
import { AppError } from '../../src/base/errors.ts'
import { zipSource } from '../../src/media/zip-source.ts'

function source(chunks: readonly string[], onClose: () => void = () => {}): ByteSource {
  return {
    contentType: 'audio/flac',
    open: async (): Promise<ByteStream> => {
      const left = chunks.map((text) => Buffer.from(text))
      return { read: async () => left.shift(), close: onClose }
    },
  }
}

async function bytesOf(zip: ByteSource): Promise<Buffer> {
  const stream = await zip.open()
  const parts: Buffer[] = []
  for (let part = await stream.read(); part; part = await stream.read()) parts.push(Buffer.from(part))
  stream.close()
  return Buffer.concat(parts)
}

test('entries are stored with checksum and size behind them, and the directory finds them', async () => {
  const bytes = await bytesOf(
    zipSource({
      downloadName: 'a.zip',
      at: Date.UTC(2026, 0, 2, 3, 4, 6),
      comment: 'Road',
      entries: [
        { name: 'é.flac', open: async () => source(['12345', '6789']) },
        {
          name: 'gone.flac',
          open: async () => {
            throw new AppError('NOT_FOUND', 'gone')
          },
        },
      ],
    }),
  )
  assert.equal(bytes.readUInt32LE(0), 0x04034b50)
  const end = bytes.lastIndexOf(Buffer.from('PK\u0005\u0006'))
  assert.deepEqual([bytes.readUInt16LE(end + 8), bytes.readUInt16LE(end + 10)], [2, 2])
  const directory = bytes.readUInt32LE(end + 16)
  assert.equal(bytes.readUInt32LE(directory), 0x02014b50)
  // The check value of CRC-32.
  assert.equal(bytes.readUInt32LE(directory + 16), 0xcbf43926)
  assert.deepEqual([bytes.readUInt32LE(directory + 20), bytes.readUInt32LE(directory + 24)], [9, 9])
  assert.equal(bytes.subarray(directory + 46, directory + 46 + bytes.readUInt16LE(directory + 28)).toString(), 'é.flac')
  assert.match(bytes.subarray(end + 22).toString(), /^Road\nMissing songs names songs/)
})

/** Name and content of each entry, as the directory finds them. */
function unzip(bytes: Buffer): Readonly<Record<string, string>> {
  const end = bytes.lastIndexOf(Buffer.from('PK\u0005\u0006'))
  const found: Record<string, string> = {}
  let at = bytes.readUInt32LE(end + 16)
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const [size, length, extra, start] = [
      bytes.readUInt32LE(at + 24),
      bytes.readUInt16LE(at + 28),
      bytes.readUInt16LE(at + 30),
      bytes.readUInt32LE(at + 42),
    ]
    const data = start + 30 + length
    found[bytes.subarray(at + 46, at + 46 + length).toString()] = bytes.subarray(data, data + size).toString()
    at += 46 + length + extra
  }
  assert.equal(at, end)
  return found
}

const fails = (error: Error) => () => Promise.reject(error)

test('songs that can not be read are left out, and named in a text at the end', async () => {
  let closed = 0
  const breaking: ByteSource = {
    contentType: 'audio/flac',
    open: async () => {
      const parts = [Buffer.from('be'), Buffer.from('gun')]
      return {
        read: async () => parts.shift() ?? Promise.reject(Object.assign(new Error('EIO /disk/a'), { code: 'EIO' })),
        close: () => void closed++,
      }
    },
  }
  const entries = [
    { name: 'gone.flac', open: fails(new AppError('NOT_FOUND', 'There is no such song.')) },
    { name: 'a.flac', open: async () => source(['one']) },
    { name: 'busy.flac', open: fails(new AppError('BUSY', 'All places are taken.')) },
    { name: 'disk.flac', open: fails(Object.assign(new Error('EIO: /disk/b'), { code: 'EIO' })) },
    {
      name: 'unread.flac',
      open: async (): Promise<ByteSource> => ({
        contentType: '',
        open: fails(new AppError('MEDIA_UNREADABLE', 'Unreadable.')),
      }),
    },
    {
      name: 'first.flac',
      open: async (): Promise<ByteSource> => ({
        contentType: '',
        open: async () => ({ read: fails(new Error('boom')), close: () => void closed++ }),
      }),
    },
    { name: 'half.flac', open: async () => breaking },
    { name: 'empty.flac', open: async () => source([]) },
    { name: 'z.flac', open: async () => source(['last']) },
  ]
  const found = unzip(await bytesOf(zipSource({ downloadName: 'a.zip', at: 0, entries })))
  const { 'Missing songs.txt': text = '', ...songs } = found
  assert.deepEqual(songs, { 'a.flac': 'one', 'half.flac': 'begun', 'empty.flac': '', 'z.flac': 'last' })
  assert.equal(closed, 2)
  assert.deepEqual(text.split('\r\n').slice(2, -1), [
    'gone.flac: There is no such song.',
    'busy.flac: All places are taken.',
    'disk.flac: It could not be read.',
    'unread.flac: Unreadable.',
    'first.flac: It could not be read.',
    'half.flac: not whole. It could not be read.',
  ])
  // Whole archives have no such text, and one of that name stays.
  const plain = [{ name: 'Missing songs.txt', open: async () => source(['mine']) }]
  assert.deepEqual(unzip(await bytesOf(zipSource({ downloadName: 'a.zip', at: 0, entries: plain }))), {
    'Missing songs.txt': 'mine',
  })
  const names = Object.keys(
    unzip(await bytesOf(zipSource({ downloadName: 'a.zip', at: 0, entries: [...plain, ...entries] }))),
  )
  assert.ok(names.includes('Missing songs 2.txt'))
})

test('closing half-way lets go of the song that is read', async () => {
  let closed = 0
  const zip = zipSource({
    downloadName: 'a.zip',
    at: 0,
    entries: [{ name: 'a', open: async () => source(['1', '2'], () => closed++) }],
  })
  const stream = await zip.open()
  await stream.read()
  await stream.read()
  stream.close()
  assert.equal(closed, 1)
})

test('a client that leaves while a song is opened has no other opened', async () => {
  let opened = 0
  let release = () => {}
  const entries = Array.from({ length: 5 }, (_, index) => ({
    name: `${index}`,
    open: async () => {
      opened++
      await new Promise<void>((resolve) => {
        release = resolve
      })
      return source(['x'])
    },
  }))
  const stream = await zipSource({ downloadName: 'a.zip', at: 0, entries }).open()
  const read = stream.read()
  stream.close()
  release()
  assert.equal(await read, undefined)
  assert.equal(opened, 1)
})
