import type { TestHost } from 'tonearm/plugin/testing'

export interface HistoryPlay {
  readonly user: string
  readonly title: string
  readonly at: number
}

const TITLES = ['One', 'Two', 'Jingle', 'Long', 'Duet']

/** Plays that look random and are always the same, over whole seconds. */
export function historyOf(options: {
  readonly plays: number
  readonly from: number
  readonly to: number
  readonly users: readonly string[]
}): readonly HistoryPlay[] {
  let seed = 12_345
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return (seed >>> 8) / 2 ** 24
  }
  const { plays, from, to, users } = options
  return Array.from({ length: plays }, () => ({
    user: users[Math.floor(random() * users.length)] ?? '',
    title: TITLES[Math.floor(random() ** 2 * TITLES.length)] ?? '',
    at: from + Math.floor((random() * (to - from)) / 1000) * 1000,
  }))
}

/** As clients report what was heard while they were away. */
export async function listen(host: TestHost, plays: readonly HistoryPlay[]): Promise<void> {
  for (const user of new Set(plays.map((play) => play.user))) {
    const own = plays.filter((play) => play.user === user)
    for (let at = 0; at < own.length; at += 100) {
      const part = own.slice(at, at + 100)
      const reply = await host.subsonic(
        'scrobble',
        { id: part.map(({ title }) => host.track(title)), time: part.map((play) => play.at), submission: true },
        user,
      )
      if (reply.status !== 'ok') throw new Error(JSON.stringify(reply))
    }
  }
  await host.settled()
}
