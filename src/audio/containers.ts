import type { IAudioMetadata, IFormat } from 'music-metadata'
import { asfSound } from './asf-sound.ts'
import { readAu } from './au-sound.ts'
import { readCaf } from './caf-sound.ts'
import type { Edit } from './file-tokenizer.ts'
import { readAc3, readAmr, readDts } from './frame-sounds.ts'
import type { ReadBytes } from './iff-chunks.ts'
import { mendFlac } from './mend-flac.ts'
import { mendIff } from './mend-iff.ts'
import { mendMatroska } from './mend-matroska.ts'
import { hideMp4Tags, mendMp4 } from './mend-mp4.ts'
import { mendOgg } from './mend-ogg.ts'
import type { Mended } from './mended.ts'
import { readMlp } from './mlp-sound.ts'
import { mp4Sound } from './mp4-sound.ts'
import { readWave64 } from './w64-sound.ts'

/** Reads in a file of `size` bytes whose sound begins at `start`. */
type Reading<T> = (read: ReadBytes, size: number, start: number) => Promise<T>

/** How files with one beginning are read. */
export interface Container {
  readonly name: string
  /** The first bytes of the sound, as Latin-1. */
  readonly mark: RegExp
  /** The ending by which the tag parser takes it for what it is; '' = it doesn't know such files. */
  readonly as: string
  /** How the parser shall see every such file. */
  readonly view?: Reading<Mended | undefined>
  /** How it shall see one that it refuses. */
  readonly mend?: Reading<Mended | undefined>
  /** Edits on top of these, when it refuses that as well. */
  readonly hideTags?: Reading<readonly Edit[]>
  /** What the parser tells wrong, or not at all. */
  readonly sound?: Reading<Partial<IFormat>>
  /** All of it, in place of the parser. */
  readonly whole?: Reading<IAudioMetadata | undefined>
  /** The reader of ffmpeg that knows it. */
  readonly demuxer?: string
}

const CONTAINERS: readonly Container[] = [
  { name: 'Ogg', mark: /^OggS/, as: 'ogg', view: mendOgg, demuxer: 'ogg' },
  { name: 'FLAC', mark: /^fLaC/, as: 'flac', mend: mendFlac, demuxer: 'flac' },
  {
    name: 'MP4',
    mark: /^....(ftyp|moov|mdat|free|skip|wide|pnot)/s,
    as: 'm4a',
    mend: mendMp4,
    hideTags: hideMp4Tags,
    sound: mp4Sound,
    demuxer: 'mov',
  },
  { name: 'Matroska', mark: /^\x1aE\xdf\xa3/, as: 'mka', view: mendMatroska, demuxer: 'matroska' },
  { name: 'WAVE', mark: /^(RIFF|RF64|BW64)....WAVE/s, as: 'wav', view: mendIff, demuxer: 'wav' },
  { name: 'AIFF', mark: /^FORM....AIF[FC]/s, as: 'aiff', view: mendIff, demuxer: 'aiff' },
  { name: 'ASF', mark: /^0&\xb2u\x8ef\xcf\x11/, as: 'wma', sound: asfSound, demuxer: 'asf' },
  { name: 'DSF', mark: /^DSD \x1c/, as: 'dsf', demuxer: 'dsf' },
  { name: 'DSDIFF', mark: /^FRM8........DSD /s, as: 'dff', demuxer: 'iff' },
  { name: 'Core Audio', mark: /^caff/, as: '', whole: readCaf, demuxer: 'caf' },
  { name: 'AU', mark: /^(\.snd|dns\.)/, as: '', whole: readAu, demuxer: 'au' },
  { name: 'Wave64', mark: /^riff\x2e\x91\xcf\x11/, as: '', whole: readWave64, demuxer: 'w64' },
  { name: 'AC-3', mark: /^\x0bw/, as: '', whole: readAc3, demuxer: 'ac3' },
  { name: 'DTS', mark: /^\x7f\xfe\x80\x01/, as: '', whole: readDts, demuxer: 'dts' },
  { name: 'AMR', mark: /^#!AMR/, as: '', whole: readAmr, demuxer: 'amr' },
  { name: 'TrueHD', mark: /^....\xf8ro\xba/s, as: '', whole: readMlp, demuxer: 'truehd' },
  { name: 'MLP', mark: /^....\xf8ro\xbb/s, as: '', whole: readMlp, demuxer: 'mlp' },
  { name: 'Creative Voice', mark: /^Creative Voi/, as: '', demuxer: 'voc' },
  { name: 'ATRAC', mark: /^(EA3\x01|RIFF....XMA)/s, as: '', demuxer: 'oma' },
  { name: 'RealMedia', mark: /^(\.RMF|\.ra\xfd)/, as: '', demuxer: 'rm' },
  { name: 'ADX', mark: /^\x80\0[\s\S]{2}\x03\x12\x04/, as: '', demuxer: 'adx' },
  { name: 'SoX', mark: /^(\.SoX|XoS\.)/, as: '', demuxer: 'sox' },
  { name: 'IRCAM', mark: /^(\x64\xa3[\x01-\x04]\0|\0[\x01-\x04]\xa3\x64)/, as: '', demuxer: 'ircam' },
  { name: 'AST', mark: /^STRM/, as: '', demuxer: 'ast' },
  { name: 'NUT', mark: /^nut\/multimed/, as: '', demuxer: 'nut' },
]

/** By the first bytes behind tags; undefined for MPEG, whose frames have no mark, and for anything else. */
export function containerOf(mark: string): Container | undefined {
  return CONTAINERS.find((container) => container.mark.test(mark))
}
