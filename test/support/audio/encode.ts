import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const HAS_FFMPEG = spawnSync('ffmpeg', ['-version']).status === 0

/** What every file made here says of itself. */
export const SAYS = { title: 'Hyvää yötä', artist: 'Zoë', album: 'Album' } as const

export interface Encoding {
  /** The ending, which chooses the muxer unless `output` does. */
  readonly ending: string
  readonly seconds?: number
  readonly channels?: number
  /** Hz */
  readonly rate?: number
  /** Arguments before the output: codec, bit rate, muxer. */
  readonly output?: readonly string[]
  /** Written to a pipe, so that nothing is corrected at the end. */
  readonly piped?: boolean
  /** Silence in place of noise over a tone. */
  readonly silent?: boolean
}

const made = new Map<string, Buffer>()

/** A file of ffmpeg with the tags of SAYS, always the same bytes for the same arguments. Throws what ffmpeg says. */
export function encode(encoding: Encoding): Buffer {
  const key = JSON.stringify(encoding)
  const known = made.get(key)
  if (known) return known
  const { ending, seconds = 3, channels = 2, rate = 44_100, output = [], piped = false, silent = false } = encoding
  const layout = ['', 'mono', 'stereo', '3.0', 'quad', '5.0', '5.1', '6.1', '7.1'][channels] ?? 'stereo'
  const sound = silent
    ? `anullsrc=r=${rate}:cl=${layout}:d=${seconds}`
    : `anoisesrc=r=${rate}:d=${seconds}:a=0.02:seed=7[n];sine=f=440:r=${rate}:d=${seconds}[s];[n][s]amix=duration=shortest,aformat=channel_layouts=${layout}`
  const folder = mkdtempSync(join(tmpdir(), 'tonearm-encode-'))
  try {
    const target = join(folder, `out.${ending}`)
    const { status, stdout, stderr } = spawnSync(
      'ffmpeg',
      [
        ...['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', sound, '-t', String(seconds), '-bitexact'],
        ...Object.entries(SAYS).flatMap(([name, value]) => ['-metadata', `${name}=${value}`]),
        ...output,
        piped ? 'pipe:1' : target,
      ],
      { maxBuffer: 256 << 20 },
    )
    if (status !== 0) throw new Error(`ffmpeg: ${stderr.toString().trim().slice(-400)}`)
    const bytes = piped ? stdout : readFileSync(target)
    made.set(key, bytes)
    return bytes
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
