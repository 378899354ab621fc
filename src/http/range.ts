import type { ByteRange } from '../base/byte-source.ts'

/**
 * Reads a Range header for `length` bytes. `whole`: no single range of bytes was asked for, the complete body answers
 * (RFC 9110 lets a server ignore several ranges; players cope with 200 better than with multipart).
 */
export function readRange(header: string | undefined, length: number): ByteRange | 'whole' | 'unsatisfiable' {
  if (header === undefined || length === 0) return 'whole'
  const spec = /^\s*bytes\s*=\s*(.*)$/i.exec(header)?.[1]
  if (spec === undefined || spec.includes(',')) return 'whole'
  const match = /^(\d*)\s*-\s*(\d*)\s*$/.exec(spec)
  if (!match) return 'unsatisfiable'
  const [first, last] = [match[1] as string, match[2] as string]
  if (first === '') {
    const suffix = Number(last)
    return last === '' || suffix === 0 ? 'unsatisfiable' : { start: Math.max(0, length - suffix), end: length - 1 }
  }
  const start = Number(first)
  const end = last === '' ? length - 1 : Math.min(Number(last), length - 1)
  return start >= length || (last !== '' && Number(last) < start) ? 'unsatisfiable' : { start, end }
}
