/** One name for each container and codec, with the others that clients and files have for it. */
const CONTAINERS: Readonly<Record<string, string>> = {
  mp3: 'mp3 mp2 mp1 mpga mpa mpeg',
  mp4: 'mp4 m4a m4b m4r m4p mov 3gp 3ga 3g2 alac ipod',
  aac: 'aac adts',
  ogg: 'ogg oga opus spx',
  flac: 'flac',
  wav: 'wav wave bwf rf64',
  w64: 'w64',
  aiff: 'aiff aif aifc',
  asf: 'asf wma',
  matroska: 'matroska mka mkv',
  webm: 'webm weba',
  caf: 'caf',
  au: 'au snd',
  dsf: 'dsf',
  dff: 'dff',
  ape: 'ape',
  wv: 'wv wavpack',
  mpc: 'mpc mpp mp+ musepack',
  tta: 'tta',
  tak: 'tak',
  shn: 'shn',
  ac3: 'ac3',
  eac3: 'eac3 ec3',
  dts: 'dts',
}

const CODECS: Readonly<Record<string, string>> = {
  mp3: 'mp3 mpeglayer3 mpegaudiolayer3',
  mp2: 'mp2',
  aac: 'aac mp4a mp4a402 aaclc adts',
  alac: 'alac',
  flac: 'flac',
  vorbis: 'vorbis oggvorbis',
  opus: 'opus oggopus',
  speex: 'speex spx',
  pcm: 'pcm wav wave lpcm',
  wma: 'wma wmav1 wmav2',
  ape: 'ape monkeysaudio',
  wavpack: 'wavpack wv',
  musepack: 'musepack musepack7 musepack8 mpc mpc7 mpc8',
  tta: 'tta trueaudio',
  tak: 'tak',
  shorten: 'shorten shn',
  dsd: 'dsd dsdlsbf dsdmsbf dsdlsbfplanar dsdmsbfplanar dsf dff',
  ac3: 'ac3',
  eac3: 'eac3 ec3',
  dts: 'dts dca',
}

/** Where a codec lives when the file's name can't be right: a container that never holds it. */
const OWN_CONTAINER: Readonly<Record<string, string>> = {
  mp3: 'mp3',
  mp2: 'mp3',
  aac: 'mp4',
  alac: 'mp4',
  flac: 'flac',
  vorbis: 'ogg',
  opus: 'ogg',
  speex: 'ogg',
  pcm: 'wav',
  wma: 'asf',
  ape: 'ape',
  wavpack: 'wv',
  musepack: 'mpc',
  tta: 'tta',
  tak: 'tak',
  shorten: 'shn',
  dsd: 'dsf',
  ac3: 'ac3',
  eac3: 'eac3',
  dts: 'dts',
}

/** Containers that hold one kind of sound alone. */
const HOLDS: Readonly<Record<string, readonly string[]>> = {
  mp3: ['mp3', 'mp2', 'mp1'],
  aac: ['aac'],
  flac: ['flac'],
  asf: ['wma'],
  ape: ['ape'],
  wv: ['wavpack'],
  mpc: ['musepack'],
  tta: ['tta'],
  tak: ['tak'],
  shn: ['shorten'],
  dsf: ['dsd'],
}

/** Clients that take everything. */
const ANY = new Set(['', '*', 'any'])

const byAlias = (table: Readonly<Record<string, string>>) =>
  new Map(Object.entries(table).flatMap(([name, all]) => all.split(' ').map((alias) => [alias, name] as const)))
const CONTAINER_NAMES = byAlias(CONTAINERS)
const CODEC_NAMES = byAlias(CODECS)

/** The one name of a container; of one that nobody knows its own, in lower case. */
export function containerName(text: string): string {
  const plain = text.trim().toLowerCase()
  return CONTAINER_NAMES.get(plain) ?? plain
}

/** The one name of a codec; of one that nobody knows its own, in lower case. */
export function codecName(text: string): string {
  const plain = text.trim().toLowerCase()
  // ffmpeg has a name for each width of uncompressed samples.
  if (/^pcm_/.test(plain)) return 'pcm'
  return CODEC_NAMES.get(plain.replace(/[^a-z0-9]/g, '')) ?? plain
}

export function isCodec(text: string): boolean {
  return Object.hasOwn(CODECS, codecName(text))
}

/** The container of a file: by its name, unless that can't hold such sound. */
export function containerOf(suffix: string, codec: string): string {
  const named = containerName(suffix)
  const held = HOLDS[named]
  return held === undefined || held.includes(codec) ? named : (OWN_CONTAINER[codec] ?? named)
}

/** Whether one of a client's names means this container. An empty list takes any. */
export function namesContainer(names: readonly string[], container: string): boolean {
  return names.length === 0 || names.some((name) => ANY.has(name.trim()) || containerName(name) === container)
}

/** Whether one of a client's names means this codec. An empty list takes any. */
export function namesCodec(names: readonly string[], codec: string, bitDepth: number): boolean {
  return (
    names.length === 0 ||
    names.some((name) => ANY.has(name.trim()) || (codecName(name) === codec && hasWidth(name, bitDepth)))
  )
}

/** `pcm_s24le` is uncompressed sound of 24 bits alone. */
function hasWidth(name: string, bitDepth: number): boolean {
  const width = /^\s*pcm_[suf](\d+)/i.exec(name)?.[1]
  return width === undefined || bitDepth === 0 || Number(width) === bitDepth
}
