import { execFile } from 'node:child_process'
import type { IAudioMetadata, ITag } from 'music-metadata'
import { bareMetadata } from './bare-metadata.ts'

const DEADLINE_MS = 10_000
const MAX_OUTPUT = 512 * 1024
const PROBED_BYTES = 4 * 1024 * 1024

/** No such program: found out at the first try. */
let isMissing = false
/** One at a time: each is a process of its own. */
let queue: Promise<unknown> = Promise.resolve()

/**
 * Asks ffprobe, where ffmpeg is installed, about a file of a format that nothing here reads. `demuxer` is the one reader of
 * ffmpeg that may be used, so that a file can't name others to be opened. Undefined when it can't tell.
 */
export function askFfprobe(path: string, demuxer: string): Promise<IAudioMetadata | undefined> {
  if (isMissing) return Promise.resolve(undefined)
  const answer = queue.then(() => run(path, demuxer))
  queue = answer.catch(() => undefined)
  return answer
}

function run(path: string, demuxer: string): Promise<IAudioMetadata | undefined> {
  const args = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', '-protocol_whitelist', 'file,pipe']
  const bounds = ['-probesize', String(PROBED_BYTES), '-analyzeduration', '5M', '-f', demuxer, '-i', `file:${path}`]
  return new Promise((resolve) => {
    const options = { timeout: DEADLINE_MS, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT } as const
    const child = execFile('ffprobe', [...args, ...bounds], options, (error, stdout) => {
      if (error && 'code' in error && error.code === 'ENOENT') isMissing = true
      resolve(error && stdout === '' ? undefined : metadataOf(stdout))
    })
    child.stdin?.end()
  })
}

interface Probed {
  readonly streams?: readonly Readonly<Record<string, unknown>>[]
  readonly format?: {
    readonly duration?: string
    readonly bit_rate?: string
    readonly tags?: Readonly<Record<string, string>>
  }
}

function metadataOf(text: string): IAudioMetadata | undefined {
  let probed: Probed
  try {
    probed = JSON.parse(text) as Probed
  } catch {
    return undefined
  }
  const sound = probed.streams?.find(({ codec_type: type }) => type === 'audio')
  if (!sound) return undefined
  const hasVideo = probed.streams?.some(
    ({ codec_type: type, disposition }) =>
      type === 'video' && (disposition as Readonly<Record<string, number>> | undefined)?.attached_pic !== 1,
  )
  const number = (value: unknown) => (Number.isFinite(Number(value)) ? Number(value) : 0)
  const duration = number(probed.format?.duration) || number(sound.duration)
  const bitrate = number(sound.bit_rate) || number(probed.format?.bit_rate)
  const bits = number(sound.bits_per_raw_sample) || number(sound.bits_per_sample)
  const tags: ITag[] = Object.entries({ ...(sound.tags as object | undefined), ...probed.format?.tags }).map(
    ([id, value]) => ({ id, value }),
  )
  return bareMetadata(
    {
      container: String(sound.codec_name),
      codec: String(sound.codec_name),
      sampleRate: number(sound.sample_rate),
      numberOfChannels: number(sound.channels),
      hasVideo: hasVideo ?? false,
      ...(bits > 0 ? { bitsPerSample: bits } : {}),
      ...(duration > 0 ? { duration } : {}),
      ...(bitrate > 0 ? { bitrate } : {}),
    },
    'ffprobe',
    tags,
  )
}
