import assert from 'node:assert/strict'
import { test } from 'node:test'
import { negotiate } from '../../src/media/negotiate/decide.ts'
import { targetsOf } from '../../src/media/negotiate/targets.ts'
import { DEFAULT_PROFILES } from '../../src/media/transcode/profiles.ts'
import { readClientInfo } from '../../src/subsonic/client-info.ts'
import { AAC, CD } from './negotiate-case.ts'

/** Of processor time: several times what the worst body takes. */
const MOST_MS = 300
const LONG = 200

const many = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index))
const limits = (name: string, comparison: string, values: readonly string[]) => ({
  name,
  comparison,
  values,
  required: true,
})
const everywhere = (container: string, audioCodec: string) =>
  many(64, (index) => ({ container, audioCodec, protocol: 'http', maxAudioChannels: index }))
/** Rates that encoders take, and none that two lists have in common. */
const rates = (count: number, parity: number) => many(count, (n) => String(16_000 + ((n * 2 + parity) % 302) * 1000))
const padded = (name: string) => `${' '.repeat(LONG - name.length)}${name}`

/** The most that the bounds let through, each against another part of a decision. */
const BODIES: Readonly<Record<string, object>> = {
  'two long lists of bit rates': {
    transcodingProfiles: everywhere('*', '*'),
    codecProfiles: [
      { name: '*', limitations: [0, 1].map((parity) => limits('audioBitrate', 'Equals', rates(460, parity))) },
    ],
  },
  'many bit rates and many limits that the last value alone breaks': {
    transcodingProfiles: everywhere('*', '*'),
    codecProfiles: many(4, (at) => ({
      name: '*',
      limitations: [
        ...many(61, () => limits('audioBitrate', 'LessThanEqual', ['999999999'])),
        ...(at === 3 ? [limits('audioBitrate', 'NotEquals', rates(400, 0))] : []),
        ...(at === 3 ? [limits('audioBitrate', 'Equals', ['1'])] : []),
      ],
    })),
  },
  'many limits of everything': {
    transcodingProfiles: everywhere('*', '*'),
    codecProfiles: many(7, () => ({
      name: padded('*'),
      limitations: many(62, (n) =>
        limits(n % 2 ? 'audioSamplerate' : 'audioChannels', n > 60 ? 'Equals' : 'NotEquals', n % 2 ? ['7'] : ['9']),
      ),
    })),
  },
  'many codecs with long names': {
    transcodingProfiles: everywhere(padded('-'), padded('-')),
    codecProfiles: many(64, () => ({ name: padded('-'), limitations: [] })),
  },
  'many profiles with long names': {
    directPlayProfiles: many(64, () => ({ containers: [], audioCodecs: [padded('aac')], maxAudioChannels: 0 })),
    transcodingProfiles: everywhere('*', 'aac'),
    codecProfiles: [
      {
        name: '*',
        limitations: [
          limits(
            'audioProfile',
            'Equals',
            many(740, () => `${'-'.repeat(LONG - 1)}x`),
          ),
        ],
      },
    ],
  },
  'long lists of containers and codecs': {
    directPlayProfiles: many(60, () => ({
      containers: [...many(7, () => padded('-')), '*'],
      audioCodecs: many(7, () => padded('pcm_s16')),
      maxAudioChannels: 0,
    })),
  },
}

for (const [what, info] of Object.entries(BODIES))
  test(`${what} are decided at once`, (t) => {
    const body = Buffer.from(JSON.stringify(info))
    const targets = targetsOf(DEFAULT_PROFILES)
    const spent = [CD, AAC, CD].map((song) => {
      const before = process.cpuUsage()
      assert.equal(negotiate({ song, wishes: readClientInfo(body), limits: [], targets }).kind, 'none')
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1000
    })
    t.diagnostic(`${body.length} bytes: ${spent.map((ms) => ms.toFixed(1)).join(', ')} ms`)
    // Whatever else the process did meanwhile, it did not do it each time.
    assert.ok(Math.min(...spent) < MOST_MS, `${spent} ms`)
  })
