import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAudio } from '../../src/audio/formats.ts'
import { readAudioFile } from '../../src/scanner/read-file.ts'
import { SAYS } from '../support/audio/encode.ts'

/** A muxer of ffmpeg, the ending that its files have, and an encoder. */
export interface Kind {
  readonly muxer: string
  readonly ending: string
  readonly encoder: string
}

export interface Finding extends Kind {
  /** '' = all is right; else what is wrong, or why it isn't listed. */
  readonly wrong: string
  readonly listed: boolean
  /** The container or ffmpeg's muxer keeps no title. */
  readonly untagged: boolean
}

const SECONDS = 3
/** Of these encoders, which know only some rates and layouts. */
const ONLY: Readonly<Record<string, readonly [rate: number, channels: number]>> = {
  libgsm: [8000, 1],
  libgsm_ms: [8000, 1],
  g723_1: [8000, 1],
  g726: [8000, 1],
  g726le: [8000, 1],
  g722: [16_000, 1],
  nellymoser: [8000, 1],
  libcodec2: [8000, 1],
  comfortnoise: [8000, 1],
  real_144: [8000, 1],
  libspeex: [16_000, 1],
  sbc: [44_100, 2],
  aptx: [44_100, 2],
  aptx_hd: [44_100, 2],
  adpcm_swf: [22_050, 2],
  roq_dpcm: [22_050, 2],
  pcm_s24daud: [96_000, 6],
  adpcm_argo: [22_050, 2],
  adpcm_yamaha: [44_100, 2],
}

/** Encodes one kind and holds what the scanner reads against what ffmpeg decodes; undefined = ffmpeg doesn't write it. */
export async function check({ muxer, ending, encoder }: Kind): Promise<Finding | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'tonearm-format-'))
  const path = join(folder, `song.${ending}`)
  try {
    const [rate, channels] = ONLY[encoder] ?? [48_000, 2]
    const layout = channels === 1 ? 'mono' : channels === 6 ? '5.1' : 'stereo'
    const sound = `sine=f=440:r=${rate}:d=${SECONDS},aformat=channel_layouts=${layout}`
    const tags = Object.entries(SAYS).flatMap(([name, value]) => ['-metadata', `${name}=${value}`])
    const made = ffmpeg('ffmpeg', [
      '-y',
      '-f',
      'lavfi',
      '-i',
      sound,
      ...tags,
      '-c:a',
      encoder,
      '-strict',
      '-2',
      '-f',
      muxer,
      path,
    ])
    if (made.status !== 0 || statSync(path, { throwIfNoEntry: false })?.size === undefined) return undefined
    const played = decoded(path)
    const kind = { muxer, ending, encoder }
    if (!played) return { ...kind, wrong: 'ffmpeg itself does not play it', listed: false, untagged: true }
    if (!isAudio(ending)) return { ...kind, wrong: `.${ending} is no ending of songs`, listed: false, untagged: false }
    return { ...kind, ...(await compare(path, played)) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Played {
  readonly seconds: number
  readonly rate: number
  readonly channels: number
  readonly title: string | undefined
}

function decoded(path: string): Played | undefined {
  const probe = ffmpeg('ffprobe', ['-of', 'json', '-show_format', '-show_streams', '-select_streams', 'a:0', path])
  if (probe.status !== 0) return undefined
  const { streams, format } = JSON.parse(probe.stdout.toString()) as {
    streams: { sample_rate: string; channels: number; tags?: Record<string, string> }[]
    format: { tags?: Record<string, string> }
  }
  const [stream] = streams
  const sound = ffmpeg('ffmpeg', ['-i', path, '-map', '0:a:0', '-f', 's16le', '-'])
  if (!stream || sound.stdout.length === 0) return undefined
  const [rate, channels] = [Number(stream.sample_rate), stream.channels]
  const tags = Object.entries({ ...stream.tags, ...format.tags })
  const title = tags.find(([name]) => name.toLowerCase() === 'title')?.[1]
  return { seconds: sound.stdout.length / 2 / channels / rate, rate, channels, title }
}

async function compare(path: string, played: Played): Promise<Pick<Finding, 'wrong' | 'listed' | 'untagged'>> {
  const untagged = played.title === undefined
  try {
    const { audio, tags, note } = (await readAudioFile(path)).file
    const wrong: string[] = []
    const seconds = audio.durationMs / 1000
    if (Math.abs(seconds - played.seconds) > played.seconds * 0.02 + 0.05)
      wrong.push(`length ${seconds} for ${played.seconds.toFixed(3)}`)
    if (audio.sampleRate !== played.rate) wrong.push(`rate ${audio.sampleRate} for ${played.rate}`)
    if (audio.channels !== played.channels) wrong.push(`channels ${audio.channels} for ${played.channels}`)
    if (audio.bitRate === 0) wrong.push('no bit rate')
    if (!untagged && tags.title?.[0] !== played.title) wrong.push(`title ${tags.title?.[0]} for ${played.title}`)
    if (wrong.length > 0 && note !== '') wrong.push(note)
    return { wrong: wrong.join('; '), listed: true, untagged }
  } catch (error) {
    return { wrong: error instanceof Error ? error.message.slice(0, 100) : String(error), listed: false, untagged }
  }
}

function ffmpeg(program: 'ffmpeg' | 'ffprobe', args: readonly string[]) {
  const quiet = program === 'ffmpeg' ? ['-nostdin', '-v', 'error'] : ['-v', 'error']
  return spawnSync(program, [...quiet, ...args], { maxBuffer: 64 << 20, timeout: 20_000 })
}

const PCM_LE = 'pcm_s16le pcm_s24le pcm_s32le pcm_f32le pcm_f64le'
const PCM_BE = 'pcm_s16be pcm_s24be pcm_s32be pcm_f32be pcm_f64be'
const LAWS = 'pcm_alaw pcm_mulaw'
const MP4 = 'aac libmp3lame mp2 ac3 eac3 flac alac libopus opus libvorbis dca truehd mlp'

/** Muxers of ffmpeg that take sound into a file: the ending that people give such files, and encoders that they take. */
const MUXERS: Readonly<Record<string, readonly [ending: string, encoders: string]>> = {
  '3g2': ['3g2', 'aac'],
  '3gp': ['3gp', 'aac'],
  ac3: ['ac3', 'ac3 ac3_fixed'],
  adts: ['aac', 'aac'],
  adx: ['adx', 'adpcm_adx'],
  aiff: ['aiff', `${PCM_BE} pcm_s8 pcm_s16le ${LAWS} adpcm_ima_qt`],
  alaw: ['al', 'pcm_alaw'],
  apm: ['apm', 'adpcm_ima_apm'],
  aptx: ['aptx', 'aptx'],
  asf: ['wma', `wmav1 wmav2 libmp3lame aac ac3 flac ${PCM_LE}`],
  ast: ['ast', 'pcm_s16be_planar'],
  au: ['au', `${PCM_BE} pcm_s8 ${LAWS}`],
  avi: ['avi', 'libmp3lame'],
  caf: ['caf', `${PCM_BE} ${PCM_LE} ${LAWS} pcm_s8 alac aac libopus flac libmp3lame mp2 ac3 adpcm_ima_qt libgsm_ms`],
  codec2: ['c2', 'libcodec2'],
  dfpwm: ['dfpwm', 'dfpwm'],
  dts: ['dts', 'dca'],
  eac3: ['eac3', 'eac3'],
  flac: ['flac', 'flac'],
  flv: ['flv', 'aac'],
  g722: ['g722', 'g722'],
  gsm: ['gsm', 'libgsm'],
  ipod: ['m4a', 'aac alac ac3'],
  ircam: ['ircam', `pcm_s16le pcm_s32le pcm_f32le ${LAWS}`],
  latm: ['latm', 'aac'],
  matroska: ['mka', `${MP4} ${PCM_LE} pcm_s16be pcm_u8 tta wavpack adpcm_ms`],
  mlp: ['mlp', 'mlp'],
  mmf: ['mmf', 'adpcm_yamaha'],
  mov: ['mov', 'aac pcm_s16le'],
  mp2: ['mp2', 'mp2 mp2fixed libtwolame'],
  mp3: ['mp3', 'libmp3lame'],
  mp4: ['mp4', MP4],
  mpegts: ['ts', 'aac'],
  mulaw: ['ul', 'pcm_mulaw'],
  nut: ['nut', 'libmp3lame libvorbis pcm_s16le'],
  oga: ['oga', 'libvorbis flac libopus libspeex'],
  ogg: ['ogg', 'libvorbis vorbis flac libopus libspeex'],
  oma: ['oma', 'pcm_s16be'],
  opus: ['opus', 'libopus opus'],
  rm: ['rm', 'ac3 aac real_144'],
  rso: ['rso', 'pcm_u8'],
  sbc: ['sbc', 'sbc'],
  sox: ['sox', 'pcm_s32le'],
  spx: ['spx', 'libspeex'],
  truehd: ['thd', 'truehd'],
  tta: ['tta', 'tta'],
  voc: ['voc', `pcm_u8 pcm_s16le ${LAWS}`],
  w64: ['w64', `${PCM_LE} pcm_u8 ${LAWS} libmp3lame ac3 adpcm_ms`],
  wav: [
    'wav',
    `${PCM_LE} pcm_u8 ${LAWS} adpcm_ms adpcm_ima_wav adpcm_yamaha g722 g723_1 g726 libgsm_ms libmp3lame mp2 aac ac3 eac3 dca flac wmav2 nellymoser`,
  ],
  webm: ['webm', 'libopus libvorbis'],
  wsaud: ['aud', 'adpcm_ima_ws'],
  wtv: ['wtv', 'mp2'],
  wv: ['wv', 'wavpack'],
}

export const KINDS: readonly Kind[] = Object.entries(MUXERS).flatMap(([muxer, [ending, list]]) =>
  list.split(' ').map((encoder) => ({ muxer, ending, encoder })),
)
