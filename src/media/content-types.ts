/** Content types by lower-case suffix: what players accept, not always what is registered. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  mp2: 'audio/mpeg',
  mp1: 'audio/mpeg',
  mpga: 'audio/mpeg',
  flac: 'audio/flac',
  m4a: 'audio/mp4',
  m4b: 'audio/mp4',
  m4r: 'audio/mp4',
  mp4: 'audio/mp4',
  alac: 'audio/mp4',
  aac: 'audio/aac',
  ogg: 'audio/ogg',
  oga: 'audio/ogg',
  opus: 'audio/ogg',
  spx: 'audio/ogg',
  wav: 'audio/wav',
  w64: 'audio/x-w64',
  aif: 'audio/aiff',
  aiff: 'audio/aiff',
  aifc: 'audio/aiff',
  wma: 'audio/x-ms-wma',
  asf: 'audio/x-ms-wma',
  ape: 'audio/x-monkeys-audio',
  wv: 'audio/x-wavpack',
  mpc: 'audio/x-musepack',
  mpp: 'audio/x-musepack',
  'mp+': 'audio/x-musepack',
  dsf: 'audio/x-dsf',
  dff: 'audio/x-dff',
  mka: 'audio/x-matroska',
  mkv: 'audio/x-matroska',
  webm: 'audio/webm',
  weba: 'audio/webm',
  tta: 'audio/x-tta',
  tak: 'audio/x-tak',
  shn: 'audio/x-shn',
  caf: 'audio/x-caf',
  ac3: 'audio/ac3',
  eac3: 'audio/eac3',
  dts: 'audio/vnd.dts',
  au: 'audio/basic',
  snd: 'audio/basic',
  amr: 'audio/amr',
  awb: 'audio/amr-wb',
  ec3: 'audio/eac3',
  mlp: 'audio/vnd.dolby.mlp',
  thd: 'audio/vnd.dolby.mlp',
  truehd: 'audio/vnd.dolby.mlp',
  bwf: 'audio/wav',
  rf64: 'audio/wav',
  ra: 'audio/x-pn-realaudio',
  voc: 'audio/x-voc',
  oma: 'audio/x-oma',
  aa3: 'audio/x-oma',
  adx: 'audio/x-adx',
  ast: 'audio/x-ast',
  sox: 'audio/x-sox',
  sf: 'audio/x-ircam',
  ircam: 'audio/x-ircam',
  nut: 'audio/x-nut',
  '3gp': 'audio/3gpp',
  '3ga': 'audio/3gpp',
  '3g2': 'audio/3gpp2',
}

/** The content type of a suffix without its dot; `application/octet-stream` for what is not audio that we know. */
export function contentTypeOf(suffix: string): string {
  return CONTENT_TYPES[suffix.toLowerCase()] ?? 'application/octet-stream'
}

const LOSSLESS_CODEC =
  /flac|alac|apple lossless|pcm|monkey|wavpack|dsd|truehd|true audio|\btta\b|\btak\b|shorten|mlp|lossless/i
const LOSSLESS_SUFFIXES = new Set('flac alac wav w64 aif aiff aifc ape wv tta tak shn dsf dff caf au snd'.split(' '))

/** Whether nothing was lost when the song was encoded. The codec decides where it is known: an .m4a may be either. */
export function isLossless(song: { readonly suffix: string; readonly codec: string }): boolean {
  return LOSSLESS_CODEC.test(song.codec) || LOSSLESS_SUFFIXES.has(song.suffix)
}
