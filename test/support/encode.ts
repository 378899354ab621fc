import assert from 'node:assert/strict'

/** The bytes of a text in an encoding that Node reads but does not write. */
export function encode(encoding: string, text: string): Buffer {
  const codes = new Map<string, readonly number[]>()
  const learn = (...bytes: readonly number[]) => {
    const letter = new TextDecoder(encoding).decode(Uint8Array.from(bytes), { stream: true })
    if (letter.length === 1 && letter !== '\ufffd' && !codes.has(letter)) codes.set(letter, bytes)
  }
  for (let first = 0; first < 256; first++) learn(first)
  const isDouble = !encoding.startsWith('windows') && !encoding.startsWith('koi8')
  for (let first = 0x81; isDouble && first < 0xff; first++)
    for (let second = 0x40; second < 0xff; second++) learn(first, second)
  return Buffer.from([...text].flatMap((letter) => codes.get(letter) ?? assert.fail(`no ${letter} in ${encoding}`)))
}
