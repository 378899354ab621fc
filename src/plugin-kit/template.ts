import { API_VERSION } from '../plugin/api/define.ts'

export interface TemplateOptions {
  /** The plugin's name, kebab-case. */
  readonly name: string
  /** What `devDependencies.tonearm` says. */
  readonly tonearm: string
  /** The server's version. */
  readonly version: string
}

/** Packages that a plugin is written and tested with: those of this version of the server. */
export const TOOLS = { '@types/node': '20.19.43', tsx: '4.23.15', typescript: '7.0.2' } as const

/** The files of a new plugin: path and text. */
export function templateFiles(options: TemplateOptions): Readonly<Record<string, string>> {
  const { name } = options
  return {
    'package.json': `${JSON.stringify(packageJson(options), undefined, 2)}\n`,
    'tsconfig.json': `${JSON.stringify(TSCONFIG, undefined, 2)}\n`,
    '.gitignore': 'node_modules/\ndist/\n*.tgz\n',
    'src/plugin.ts': pluginSource(name),
    'test/plugin.test.ts': testSource(name),
    'README.md': readme(name),
  }
}

function packageJson({ name, tonearm, version }: TemplateOptions) {
  return {
    name: `tonearm-plugin-${name}`,
    version: '0.1.0',
    description: 'Shows what each user hears most',
    license: 'MIT',
    type: 'module',
    keywords: ['tonearm-plugin'],
    files: ['dist'],
    scripts: {
      test: 'node --import tsx --test test/*.test.ts',
      types: 'tsc -p .',
      build: 'tonearm plugin build',
      check: 'tonearm plugin check',
      prepack: 'tonearm plugin build',
    },
    peerDependencies: { tonearm: `>=${version}` },
    devDependencies: {
      '@types/node': `^${TOOLS['@types/node']}`,
      tonearm,
      tsx: `^${TOOLS.tsx}`,
      typescript: `^${TOOLS.typescript}`,
    },
  }
}

const TSCONFIG = {
  compilerOptions: {
    target: 'es2022',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    noEmit: true,
    skipLibCheck: true,
  },
  include: ['src', 'test'],
}

function pluginSource(name: string): string {
  const table = `${name.replaceAll('-', '_')}_play`
  return `import { definePlugin, Type } from 'tonearm/plugin'

export default definePlugin({
  name: '${name}',
  apiVersion: '${API_VERSION}',
  description: 'Shows what each user hears most',
  permissions: ['playback:read', 'library:read', 'db', 'routes'],
  reasons: {
    'playback:read': 'learns what was played',
    'library:read': 'shows titles',
    db: 'keeps the counts',
    routes: 'shows the list under /plugins/${name}',
  },
  config: Type.Object({
    size: Type.Integer({ default: 10, minimum: 1, maximum: 100, title: 'Songs in the list' }),
  }),
  migrations: [
    {
      up: [
        \`CREATE TABLE ${table} (
          user_id TEXT NOT NULL,
          media_id TEXT NOT NULL,
          plays INTEGER NOT NULL,
          PRIMARY KEY (user_id, media_id)
        ) WITHOUT ROWID\`,
      ],
    },
  ],

  setup({ hooks, routes, db, library, config, log }) {
    hooks.on('playback.finished', async ({ userId, mediaId, scrobbled }) => {
      if (!scrobbled) return
      await db.run(
        \`INSERT INTO ${table} (user_id, media_id, plays) VALUES (?, ?, 1)
         ON CONFLICT (user_id, media_id) DO UPDATE SET plays = plays + 1\`,
        [userId, mediaId],
      )
      log.debug('counted a play', { userId, mediaId })
    })

    routes.get('/', async ({ user }) => {
      if (!user) return { kind: 'empty', status: 401 }
      const rows = await db.all<{ media_id: string; plays: number }>(
        \`SELECT media_id, plays FROM ${table} WHERE user_id = ? ORDER BY plays DESC, media_id LIMIT ?\`,
        [user.id, config.size],
      )
      // Asked as this user: what somebody may no longer see is left out.
      const tracks = await library.tracks({ ids: rows.map((row) => row.media_id) }, user.id)
      const plays = new Map(rows.map((row) => [row.media_id, row.plays]))
      return {
        kind: 'json',
        body: tracks.map(({ id, title, artist }) => ({ title, artist, plays: plays.get(id) })),
      }
    })
  },
})
`
}

function testSource(name: string): string {
  return `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestHost } from 'tonearm/plugin/testing'
import plugin from '../src/plugin.ts'

test('lists what a user heard, most played first', async () => {
  await using host = await createTestHost({ users: ['alice', 'bob'] })
  await host.load(plugin, { size: 2 })

  for (const [index, title] of ['Two', 'One', 'Two'].entries()) {
    await host.subsonic('scrobble', { id: host.track(title), time: host.clock.now() - index * 600_000 }, 'alice')
  }
  await host.settled()

  const alice = await host.inject({ url: '/plugins/${name}', user: 'alice' })
  assert.deepEqual(alice.json(), [
    { title: 'Two', artist: 'Ann', plays: 2 },
    { title: 'One', artist: 'Ann', plays: 1 },
  ])
  const bob = await host.inject({ url: '/plugins/${name}', user: 'bob' })
  assert.deepEqual(bob.json(), [])
})

test('shows nothing to strangers and leaves nothing behind', async () => {
  await using host = await createTestHost()
  await host.load(plugin)
  assert.equal((await host.inject('/plugins/${name}')).status, 401)
  await host.assertNoLeaks('${name}')
})
`
}

function readme(name: string): string {
  return `# tonearm-plugin-${name}

Shows what each user hears most: \`GET /plugins/${name}\` answers the songs with the most plays of whoever asks.

## Settings

| name | what it does | default |
|---|---|---|
| \`size\` | songs in the list | 10 |

## Permissions

| permission | what for |
|---|---|
| \`playback:read\` | learns what was played |
| \`library:read\` | shows titles |
| \`db\` | keeps the counts |
| \`routes\` | shows the list |

## Development

\`\`\`sh
npm install
npm test          # against the real server's rooms, in memory
npm run types
npm run check     # what would break when it is published
npm run build     # dist/plugin.js and dist/plugin.json
\`\`\`

Put this folder (or a link to it) into \`<data>/plugins/\` of a running server and each save is live within two seconds.
`
}
