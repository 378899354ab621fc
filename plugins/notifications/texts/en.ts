import type { Facts, Language } from './language.ts'

const LISTED = 5

const plural = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`

function share(title: string): (facts: Facts) => { title: string; body: string } {
  return ({ contents, description }) => ({
    title,
    body: [contents, description === contents ? '' : description].filter(Boolean).join('\n'),
  })
}

function bytes(value: number): string {
  const gb = value / 1e9
  return gb >= 10 ? `${Math.round(gb)} GB` : gb >= 1 ? `${gb.toFixed(1)} GB` : `${Math.round(value / 1e6)} MB`
}

const from = ({ address, client }: Facts) =>
  [address && `from ${address}`, client && `by ${client}`].filter(Boolean).join(' ')

export const en: Language = {
  name: 'English',
  titles: {
    'share.received': 'Somebody shares music with me',
    'share.changed': 'A share for me changes',
    'share.revoked': 'A share for me is taken back',
    'share.expiring': 'A share of mine ends soon',
    'share.firstUsed': 'A link of mine is opened for the first time',
    'share.exhausted': 'A link of mine is used up',
    'music.new': 'New music',
    'login.failed': 'Failed logins',
    'login.newAddress': 'A login from a new address',
    'library.lost': 'A library can not be reached',
    'library.back': 'A library is back',
    'scan.problems': 'A scan finds files that can not be read',
    'files.missing': 'Files are missing',
    'scan.failed': 'A scan fails',
    'disk.low': 'The disk is nearly full',
    'disk.well': 'The disk has room again',
    'plugin.failed': 'A plugin fails',
    'plugin.needs-grant': 'A plugin wants a permission',
    'backup.failed': 'A backup fails',
    other: 'News of plugins',
  },
  notes: {
    'share.received': share('Somebody shares music with you'),
    'share.changed': share('A share for you has changed'),
    'share.revoked': () => ({ title: 'A share for you was taken back', body: '' }),
    'share.expiring': (facts) =>
      share(facts.ended ? 'A share of yours has ended' : 'A share of yours ends within a day')(facts),
    'share.firstUsed': share('A link of yours was opened for the first time'),
    'share.exhausted': share('A link of yours is used up'),
    'music.new': ({ named, truncated }) => {
      const songs = named.reduce((sum, album) => sum + album.songs, 0)
      const [first] = named
      if (named.length === 1 && first && !truncated)
        return {
          title: `New: ${first.name}`,
          body: [first.artist && `by ${first.artist}`, plural(first.songs, 'song', 'songs')].filter(Boolean).join(', '),
        }
      const more = named.length - LISTED
      const lines = named.slice(0, LISTED).map(({ name, artist }) => (artist ? `${artist}: ${name}` : name))
      return {
        title: `New music: ${truncated ? 'more than ' : ''}${plural(named.length, 'album', 'albums')}, ${plural(songs, 'song', 'songs')}`,
        body: [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'),
      }
    },
    'login.failed': (facts) => ({
      title: facts.isOwn
        ? 'Failed logins to your account'
        : facts.subject
          ? `Failed logins as ${facts.subject}`
          : 'Failed logins with unknown names',
      body: `${facts.count === undefined ? 'So many that they have to wait now,' : plural(facts.count, 'attempt', 'attempts')} ${from(facts)}.${facts.isOwn ? ' If that was not you, choose a long password.' : ''}`,
    }),
    'login.newAddress': (facts) => ({
      title: 'A login from a new address',
      body: `Somebody logged in as you ${from(facts)}. If that was not you, change your password.`,
    }),
    'library.lost': ({ library, reason }) => ({
      title: library ? `The library ${library} can not be reached` : 'A library can not be reached',
      body: [reason, 'Nothing of it was deleted; it waits until it is back.'].filter(Boolean).join('\n'),
    }),
    'library.back': ({ library }) => ({
      title: library ? `The library ${library} is back` : 'A library is back',
      body: '',
    }),
    'scan.problems': ({ count = 0 }) => ({
      title: `${plural(count, 'file', 'files')} could not be read`,
      body: 'The log of the server names them.',
    }),
    'files.missing': ({ count = 0 }) => ({
      title: `${plural(count, 'file is', 'files are')} missing`,
      body: 'They stay in the database until they come back or are purged: see the list of missing files.',
    }),
    'scan.failed': ({ title = 'A scan failed', body = '' }) => ({ title, body }),
    'disk.well': ({ freeBytes = 0 }) => ({
      title: 'The disk has room again',
      body: `${bytes(freeBytes)} are free where the server keeps its data.`,
    }),
    'disk.low': ({ freeBytes = 0, totalBytes = 0 }) => ({
      title: 'The disk is nearly full',
      body: `${bytes(freeBytes)} of ${bytes(totalBytes)} are free where the server keeps its data.`,
    }),
    'plugin.failed': ({ title = 'A plugin fails', body = '' }) => ({ title, body }),
    'plugin.needs-grant': ({ title = 'A plugin wants a permission', body = '' }) => ({ title, body }),
    'backup.failed': ({ title = 'A backup failed', body = '' }) => ({ title, body }),
    other: ({ title = 'News', body = '' }) => ({ title, body }),
  },
  hidden: {
    share: { title: 'News of a share', body: 'What it holds is not there for you any more.' },
    music: { title: 'New music', body: 'It is not there for you any more.' },
    admin: { title: 'A note for administrators', body: '' },
  },
  digest: (count) => `${plural(count, 'note', 'notes')} from your music server`,
  test: { title: 'A test', body: 'It works: this is how notes from your music server arrive.' },
}
