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
  assert.deepEqual([bytes.readUInt16LE(end + 8), bytes.readUInt16LE(end + 10)], [1, 1])
  const directory = bytes.readUInt32LE(end + 16)
  assert.equal(bytes.readUInt32LE(directory), 0x02014b50)
  // The check value of CRC-32.
  assert.equal(bytes.readUInt32LE(directory + 16), 0xcbf43926)
  assert.deepEqual([bytes.readUInt32LE(directory + 20), bytes.readUInt32LE(directory + 24)], [9, 9])
  assert.equal(bytes.subarray(directory + 46, directory + 46 + bytes.readUInt16LE(directory + 28)).toString(), 'é.flac')
  assert.match(bytes.subarray(end + 22).toString(), /^Road\n1 of 2 songs could not be read/)
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
