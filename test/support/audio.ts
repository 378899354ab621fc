import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { apeTag } from './audio/ape.ts'
import { flacFile } from './audio/flac.ts'
import { apeFile, dffFile, shnFile, takHead } from './audio/foreign.ts'
import { id3 } from './audio/id3.ts'
import { mp4File } from './audio/mp4.ts'
import { aiffFile, dsfFile, wavFile } from './audio/pcm.ts'
import { AUDIO_FORMATS, type AudioFormat, type AudioSpec } from './audio/spec.ts'
import { oggFile } from './audio/vorbis.ts'

const BASE: Partial<Readonly<Record<AudioFormat, string>>> = {
  mp3: 'tone.mp3',
  flac: 'tone.flac',
  ogg: 'tone.ogg',
  opus: 'tone.opus',
  m4a: 'tone.m4a',
  alac: 'alac.m4a',
  aac: 'tone.aac',
  wv: 'tone.wv',
  mpc: 'tone.mpc',
  tta: 'tone.tta',
  mp2: 'tone.mp2',
  spx: 'tone.spx',
  wma: 'tagged.wma',
  mka: 'tagged.mka',
  webm: 'tagged.webm',
}
const loaded = new Map<string, Buffer>()

/** A file of test/fixtures/audio, read once. */
export function fixtureBytes(name: string): Buffer {
  const known = loaded.get(name)
  if (known) return known
  const bytes = readFileSync(fileURLToPath(new URL(`../fixtures/audio/${name}`, import.meta.url)))
  loaded.set(name, bytes)
  return bytes
}

/** A real JPEG of 96 by 96 pixels; other `seed`s give other bytes of the same picture. */
export function coverJpeg(seed = 0): Buffer {
  const jpeg = fixtureBytes('cover.jpg')
  if (seed === 0) return jpeg
  const note = Buffer.from(`seed ${seed}`)
  const head = Buffer.from([0xff, 0xfe, 0, note.length + 2])
  return Buffer.concat([jpeg.subarray(0, 2), head, note, jpeg.subarray(2)])
}

/**
 * A small, valid file of one second of a tone with the given tags. wma, mka and webm keep the tags that they were made
 * with (title Fixed, artist Someone, album Somewhere, track 3, genre Jazz, date 2001) and refuse others.
 */
export function audioBytes(spec: AudioSpec): Buffer {
  const { format } = spec
  const base = BASE[format] ? fixtureBytes(BASE[format]) : Buffer.alloc(0)
  switch (format) {
    case 'mp3':
    case 'mp2':
    case 'aac':
      return Buffer.concat([id3(spec), repeated(base, spec.seconds)])
    case 'flac':
      return flacFile(base, spec)
    case 'ogg':
    case 'opus':
    case 'spx':
      return oggFile(base, format, spec)
    case 'm4a':
    case 'alac':
      return mp4File(base, spec)
    case 'wav':
      return wavFile(spec)
    case 'aiff':
      return aiffFile(spec)
    case 'dsf':
      return dsfFile(spec)
    case 'dff':
      return dffFile(spec)
    case 'ape':
      return Buffer.concat([apeFile(), apeTag(spec)])
    case 'tak':
      return Buffer.concat([takHead(), apeTag(spec)])
    case 'shn':
      return Buffer.concat([shnFile(), apeTag(spec)])
    case 'tta':
    case 'wv':
    case 'mpc':
      return Buffer.concat([base, apeTag(spec)])
    default:
      if (spec.tags || spec.picture || spec.lyrics) throw new Error(`${format} files keep the tags of their base`)
      return base
  }
}

/** Writes the file, folders included. Without a format the path's ending tells it. */
export async function writeAudio(
  path: string,
  spec: Omit<AudioSpec, 'format'> & { format?: AudioFormat } = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, audioBytes({ ...spec, format: spec.format ?? formatOf(path) }))
}

export function formatOf(path: string): AudioFormat {
  const ending = path.slice(path.lastIndexOf('.') + 1).toLowerCase()
  const same: Readonly<Record<string, AudioFormat>> = { oga: 'ogg', m4b: 'm4a', mp4: 'm4a', aif: 'aiff' }
  const format = same[ending] ?? AUDIO_FORMATS.find((name) => name === ending)
  if (!format) throw new Error(`no audio format for ${path}`)
  return format
}

/** MP3 and ADTS frames stand alone (made without a bit reservoir), so more of the same is a longer file. */
function repeated(base: Buffer, seconds = 1): Buffer {
  return Buffer.concat(Array.from({ length: Math.max(1, Math.ceil(seconds)) }, () => base))
}
