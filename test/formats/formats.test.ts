import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HAS_FFMPEG } from '../support/audio/encode.ts'
import { check, KINDS } from './written-by-ffmpeg.ts'

/** Why a kind can't be listed: neither its ending nor its content says what it is, or people keep films so. */
const NOT_LISTED: Readonly<Record<string, string>> = {
  alaw: 'no head',
  apm: 'a game, by its ending nothing',
  aptx: 'no head',
  avi: 'films',
  codec2: 'speech of radios',
  dfpwm: 'no head',
  flv: 'films',
  g722: 'no head',
  gsm: 'no head',
  latm: 'no head but of a broadcast',
  mmf: 'ring tones',
  mov: 'films',
  mpegts: 'films',
  mulaw: 'no head',
  rm: 'films',
  sbc: 'no head',
  wsaud: 'a game',
  wtv: 'films',
}
/** One of each container and of each codec; all of them with TEST_FORMATS=all, some minutes. */
const SHORT =
  'adts/aac aiff/pcm_s24be aiff/pcm_mulaw aiff/adpcm_ima_qt asf/wmav2 au/pcm_s16be caf/alac caf/pcm_s16le caf/libopus 3gp/aac ac3/ac3 dts/dca eac3/eac3 flac/flac ipod/alac matroska/flac matroska/pcm_s16le mlp/mlp mp2/mp2 mp3/libmp3lame mp4/libopus mp4/truehd oga/flac ogg/libvorbis opus/libopus spx/libspeex truehd/truehd tta/tta w64/pcm_s16le wav/pcm_f32le wav/libmp3lame wav/adpcm_ms webm/libvorbis wv/wavpack'
const isWanted = (name: string) => process.env.TEST_FORMATS === 'all' || SHORT.split(' ').includes(name)

for (const kind of KINDS) {
  const name = `${kind.muxer}/${kind.encoder}`
  if (!isWanted(name)) continue
  test(`${name} of ffmpeg: length, rate, channels and tags`, { skip: !HAS_FFMPEG && 'no ffmpeg' }, async (t) => {
    const finding = await check(kind)
    if (!finding) return t.skip('this ffmpeg does not write it')
    if (NOT_LISTED[kind.muxer]) return assert.equal(finding.listed, false, NOT_LISTED[kind.muxer])
    if (finding.wrong.startsWith('ffmpeg itself')) return t.skip(finding.wrong)
    assert.equal(finding.wrong, '')
  })
}
