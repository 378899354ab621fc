import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAudio } from '../support/audio.ts'
import { ask, scanFinished, startServer, subsonicUrl } from '../support/server-process.ts'
import { figure } from './figures.ts'
import { cpuSeconds } from './process-memory.ts'

const SONGS = 50
const WARM_UP = 500
const DECISIONS = 4000
const AT_ONCE = 8

/** As much as a careful client says: some 2 KB. */
const WISHES = JSON.stringify({
  name: 'bench',
  platform: 'bench',
  maxAudioBitrate: 1_000_000,
  maxTranscodingAudioBitrate: 256_000,
  directPlayProfiles: ['flac', 'ogg', 'mp4', 'wav', 'aac', 'webm'].map((container) => ({
    containers: [container],
    audioCodecs: ['flac', 'vorbis', 'opus', 'aac', 'alac', 'pcm'],
    protocols: ['http'],
    maxAudioChannels: 2,
  })),
  transcodingProfiles: ['flac', 'opus', 'aac'].map((audioCodec) => ({ container: '', audioCodec, protocol: 'http' })),
  codecProfiles: ['flac', 'mp3', 'aac', 'opus'].map((name) => ({
    type: 'AudioCodec',
    name,
    limitations: [
      { name: 'audioSamplerate', comparison: 'LessThanEqual', values: ['48000'], required: true },
      { name: 'audioChannels', comparison: 'Equals', values: ['1', '2'], required: true },
      { name: 'audioBitrate', comparison: 'LessThanEqual', values: ['320000'], required: false },
    ],
  })),
})

/** What one decision costs the server: login, body, song, decision, seal and answer. */
export async function decisionFigures(folder: string): Promise<void> {
  const music = join(folder, 'decided')
  await mkdir(music, { recursive: true })
  for (let n = 0; n < SONGS; n++)
    await writeAudio(join(music, 'Band', 'Album', `${n}.mp3`), { format: 'mp3', tags: { title: `Song ${n}` } })
  const server = await startServer({ data: join(folder, 'decision-data'), music: [music] })
  try {
    await scanFinished(server)
    const { randomSongs } = (await ask(server, 'getRandomSongs', { size: SONGS })) as {
      randomSongs: { song: { id: string }[] }
    }
    const urls = randomSongs.song.map(({ id }) =>
      subsonicUrl(server, 'getTranscodeDecision', { mediaId: id, mediaType: 'song' }),
    )
    await decide(urls, WARM_UP)
    const before = cpuSeconds(server.pid)
    await decide(urls, DECISIONS)
    figure('decision.cpu', ((cpuSeconds(server.pid) - before) * 1000) / DECISIONS, 'ms')
  } finally {
    await server.stop()
  }
}

async function decide(urls: readonly string[], count: number): Promise<void> {
  let left = count
  const client = async () => {
    while (left-- > 0) {
      const url = urls[left % urls.length] as string
      const reply = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: WISHES })
      const text = await reply.text()
      if (!text.includes('"canTranscode":true')) throw new Error(text)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
}
