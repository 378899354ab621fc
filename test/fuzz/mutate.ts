import type { Random } from '../support/random.ts'

/** What damage does to a file: cut, flipped bits, noise over the head, huge lengths, repeated and swapped parts. */
export function mutate(original: Uint8Array, random: Random): Uint8Array {
  const bytes = Uint8Array.from(original)
  switch (random.whole(7)) {
    case 0:
      return bytes.subarray(0, random.whole(bytes.length))
    case 1:
      for (let n = 1 + random.whole(64); n > 0; n--) {
        const at = random.whole(bytes.length)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.whole(8))
      }
      return bytes
    case 2:
      bytes.set(random.bytes(Math.min(bytes.length, 1 + random.whole(512))), 0)
      return bytes
    case 3: {
      // A length field somewhere in the first kilobyte that promises gigabytes.
      const at = random.whole(Math.min(bytes.length - 4, 1024))
      bytes.set([0xff, 0xff, 0xff, random.pick([0xff, 0x7f, 0xf0])], at)
      return bytes
    }
    case 4: {
      const at = random.whole(bytes.length)
      const part = bytes.subarray(at, at + random.whole(4096))
      return Uint8Array.from([...bytes.subarray(0, at), ...part, ...part, ...part, ...bytes.subarray(at)])
    }
    case 5:
      return random.bytes(random.whole(8192))
    default: {
      const at = random.whole(bytes.length)
      return Uint8Array.from([...bytes.subarray(at), ...bytes.subarray(0, at)])
    }
  }
}
