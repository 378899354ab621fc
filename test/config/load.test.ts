import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ConfigError, type ConfigSources, type LoadedConfig, loadConfig } from '../../src/config/load.ts'
import { givenAdminPassword } from '../../src/config/sources.ts'

const folder = mkdtempSync(join(tmpdir(), 'tonearm-config-'))
after(() => rmSync(folder, { recursive: true }))

let files = 0
function yaml(text: string): string {
  const file = join(folder, `config-${++files}.yaml`)
  writeFileSync(file, text)
  return file
}

function load(sources: Partial<ConfigSources> = {}): Promise<LoadedConfig> {
  return loadConfig({ flags: [], env: {}, cwd: '/work', home: folder, ...sources })
}

async function problemsOf(sources: Partial<ConfigSources>): Promise<readonly string[]> {
  try {
    await load(sources)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    assert.equal(error.code, 'CONFIG_INVALID')
    return error.problems.map(({ where, what }) => `${where} ${what}`)
  }
  return []
}

test('without any source the defaults hold, with units converted and paths absolute', async () => {
  const { config, file, warnings } = await load()
  assert.equal(file, undefined)
  assert.deepEqual(warnings, [])
  assert.equal(config.server.port, 4533)
  assert.equal(config.auth.sessionTimeout, 48 * 3_600_000)
  assert.equal(config.transcoding.cacheSize, 100_000_000)
  assert.deepEqual(config.scanner.schedule, { kind: 'off' })
  assert.deepEqual(config.libraries, [])
  assert.deepEqual(config.paths, {
    minFree: 500_000_000,
    data: join(folder, '.local/share/tonearm'),
    cache: join(folder, '.local/share/tonearm/cache'),
  })
})

test('a flag beats the environment, that beats the file, that beats the default', async () => {
  const file = yaml('server: {port: 1, host: 127.0.0.1, stopTimeout: 1s}\nlog: {level: debug}\n')
  const env = { TONEARM_SERVER_PORT: '2', TONEARM_SERVER_HOST: '127.0.0.2' }
  const flags = [{ name: 'server.port', text: '3', flag: '--port' }]
  const { config } = await load({ file, env, flags })
  assert.equal(config.server.port, 3)
  assert.equal(config.server.host, '127.0.0.2')
  assert.equal(config.server.stopTimeout, 1000)
  assert.equal(config.log.level, 'debug')
  assert.equal(config.server.adapter, 'auto')
})

test("Navidrome's variables work, and ours beat them", async () => {
  const { config, warnings } = await load({
    env: {
      ND_MUSICFOLDER: '/music',
      ND_DATAFOLDER: '/data',
      ND_PORT: '4000',
      ND_ADDRESS: 'unix:/run/nd.sock',
      ND_BASEURL: '/nd/',
      ND_LOGLEVEL: 'trace',
      ND_SCANNER_SCHEDULE: '@every 2h',
      ND_SCANNER_WATCHERWAIT: '0',
      ND_ENABLESHARING: 'false',
      ND_SESSIONTIMEOUT: '24h',
      ND_TRANSCODINGCACHESIZE: '1GB',
      ND_UNIXSOCKETPERM: '0600',
      ND_AUTHREQUESTLIMIT: '3',
      ND_UIWELCOMEMESSAGE: 'hello',
      ND_LASTFM_APIKEY: 'abc',
      TONEARM_SERVER_PORT: '4001',
    },
  })
  assert.deepEqual(config.libraries, [{ name: 'music', path: '/music' }])
  assert.deepEqual(config.paths, { minFree: 500_000_000, data: '/data', cache: '/data/cache' })
  assert.equal(config.server.port, 4001)
  assert.equal(config.server.host, 'unix:/run/nd.sock')
  assert.equal(config.server.unixSocketMode, 0o600)
  assert.deepEqual(config.server.baseUrl, { origin: '', path: '/nd' })
  assert.equal(config.log.level, 'debug')
  assert.deepEqual(config.scanner.schedule, { kind: 'every', ms: 7_200_000 })
  assert.equal(config.scanner.watchWait, 0)
  assert.equal(config.sharing.enabled, false)
  assert.equal(config.auth.sessionTimeout, 86_400_000)
  assert.equal(config.auth.attempts, 3)
  assert.equal(config.transcoding.cacheSize, 1e9)
  assert.deepEqual(warnings, [
    'Ignored, since Tonearm has no equal: ND_UIWELCOMEMESSAGE.',
    'Not taken, set it for the plugin (PUT /api/plugin/NAME): ND_LASTFM_APIKEY is lastFmKey of scrobble.',
  ])
  assert.ok(!warnings.join().includes('abc'))
})

test("Navidrome's variables count as people write them there", async () => {
  const env = {
    ND_SCANSCHEDULE: '1h',
    ND_SCANNER_GENRESEPARATORS: ';/,',
    ND_LOGLEVEL: 'INFO',
    ND_COVERJPEGQUALITY: '60',
  }
  const { config, warnings } = await load({ env: { ...env, ND_DEVAUTOCREATEADMINPASSWORD: 'secret' } })
  assert.deepEqual(config.scanner.schedule, { kind: 'every', ms: 3_600_000 })
  assert.deepEqual(config.scanner.genreSeparators, [';', '/', ','])
  assert.equal(config.log.level, 'info')
  assert.equal(config.artwork.quality, 60)
  assert.deepEqual(warnings, [])
  assert.equal(givenAdminPassword({ ND_DEVAUTOCREATEADMINPASSWORD: 'secret' }), 'secret')
  assert.equal(givenAdminPassword({ ND_DEVAUTOCREATEADMINPASSWORD: 'secret', TONEARM_ADMIN_PASSWORD: 'ours' }), 'ours')
})

test('all that is wrong in file, environment and flags is told at once, with what was expected', async () => {
  const file = yaml('server:\n  prot: 1\n  port: many\n  tls: {cert: a.pem}\nscaner: {}\nsubsonic: [1]\nlog:\n')
  const env = { TONEARM_SCANNER_WATCHWAITS: '1s', TONEARM_AUTH_SESSION_TIMEOUT: 'soon', ND_PORT: '-1', OTHER: 'x' }
  const flags = [
    { name: 'server.host', text: 'no spaces here', flag: '--host' },
    { name: 'sever.port', text: '1', flag: '--set sever.port' },
  ]
  assert.deepEqual(await problemsOf({ file, env, flags }), [
    '--set sever.port is no setting; did you mean server.port?',
    'TONEARM_SCANNER_WATCHWAITS is no setting; did you mean TONEARM_SCANNER_WATCH_WAIT?',
    `server.prot in ${file} is no setting; did you mean server.port?`,
    `scaner in ${file} is no setting; did you mean scanner?`,
    `subsonic in ${file} is [1]; expected a section with ignoredArticles, realPaths, legacyClients, minimalClients`,
    `server.port in ${file} is "many"; expected a whole number from 0 to 65535`,
    'ND_PORT is -1; expected a whole number from 0 to 65535',
    'TONEARM_AUTH_SESSION_TIMEOUT is "soon"; expected a duration such as 500ms, 5s, 1h30m, 7d or 0',
    '--host is "no spaces here"; expected an address, a host name, or unix:/path/of/a/socket',
    'server.tls.key is missing; expected both server.tls.cert and server.tls.key, or none',
  ])
})

test('a file that was named must exist and be YAML; the one in the data folder may be absent', async () => {
  assert.deepEqual(await problemsOf({ file: '/nowhere/x.yaml' }), [
    '/nowhere/x.yaml does not exist; expected a readable YAML file',
  ])
  assert.deepEqual(await problemsOf({ env: { TONEARM_CONFIG: '/nowhere/y.yaml' } }), [
    '/nowhere/y.yaml does not exist; expected a readable YAML file',
  ])
  const broken = yaml('server: [1\n')
  assert.match((await problemsOf({ file: broken }))[0] ?? '', /is no valid YAML: .*line 2/)
  assert.match((await problemsOf({ file: yaml('just words') }))[0] ?? '', /holds no settings/)
  assert.match(
    (await problemsOf({ file: yaml('music: [a]\nmusic: [b]\n') }))[0] ?? '',
    /is no valid YAML: Map keys must be unique/,
  )
})

test('config.yaml in the data folder is read, wherever that folder was named', async () => {
  const data = join(folder, 'data')
  mkdirSync(data)
  writeFileSync(join(data, 'config.yaml'), 'server: {port: 5}\n')
  for (const sources of [
    { flags: [{ name: 'paths.data', text: data, flag: '--data' }] },
    { env: { TONEARM_PATHS_DATA: data } },
    { env: { ND_DATAFOLDER: data } },
    { env: { STATE_DIRECTORY: `${data}:/other` } },
    { flags: [{ name: 'paths.data', text: 'data', flag: '--data' }], cwd: folder },
    { flags: [{ name: 'paths.data', text: '~/data', flag: '--data' }] },
  ]) {
    const { config, file } = await load(sources)
    assert.equal(config.server.port, 5)
    assert.equal(config.paths.data, data)
    assert.equal(file, join(data, 'config.yaml'))
  }
})

test('config.yaml in the folder that systemd names goes before that of the data folder', async () => {
  const [system, state] = ['etc', 'state'].map((name) => join(folder, name)) as [string, string]
  for (const [index, place] of [system, state].entries()) {
    mkdirSync(place)
    writeFileSync(join(place, 'config.yaml'), `server: {port: ${index + 6}}\n`)
  }
  const env = { CONFIGURATION_DIRECTORY: system, STATE_DIRECTORY: state }
  assert.equal((await load({ env })).file, join(system, 'config.yaml'))
  assert.equal((await load({ env: { ...env, CONFIGURATION_DIRECTORY: join(folder, 'none') } })).config.server.port, 7)
})

test('music folders may be a list, a map, or the short way, and get names of their own', async () => {
  const list = yaml(
    'music: [/a/Music, /b/Music]\nlibraries:\n- {path: /c/Music}\n- {name: Jazz, path: jazz, recursive: false, excludePatterns: ["*.tmp"]}\n',
  )
  assert.deepEqual((await load({ file: list })).config.libraries, [
    { name: 'Music', path: '/c/Music' },
    { name: 'Jazz', path: join(folder, 'jazz'), recursive: false, excludePatterns: ['*.tmp'] },
    { name: 'Music 2', path: '/a/Music' },
    { name: 'Music 3', path: '/b/Music' },
  ])
  const map = yaml('libraries: {Pop: /pop, Kids: {path: /kids, followSymlinks: false}}\n')
  assert.deepEqual((await load({ file: map })).config.libraries, [
    { name: 'Pop', path: '/pop' },
    { name: 'Kids', path: '/kids', followSymlinks: false },
  ])
  const env = { TONEARM_LIBRARIES: '[{"name":"One","path":"/one"}]', TONEARM_MUSIC: '/x:/y' }
  assert.deepEqual(
    (await load({ env })).config.libraries.map(({ name, path }) => `${name} ${path}`),
    ['One /one', 'x /x', 'y /y'],
  )
  assert.match((await problemsOf({ file: yaml('libraries: 7\n') }))[0] ?? '', /is 7; expected a list of \{name, path/)
})

test('a wrong library is named by itself, with all that is wrong in it', async () => {
  const told = async (text: string) =>
    (await problemsOf({ file: yaml(`libraries: ${text}\n`) })).map((problem) => problem.replace(/ in \S+/, ''))
  assert.deepEqual(await told('[{path: /a}, {name: x}, {path: /b, recursiv: true}, 7]'), [
    'libraries (entry 2) has no path; expected the music folder',
    'libraries (entry 3) has recursiv, which no library knows; did you mean recursive?',
    'libraries (entry 4) is 7; expected {path: /srv/music} and what else it needs',
  ])
  assert.deepEqual(await told('{Pop: /pop, Kids: {path: "", followSymlinks: ja, excludePatterns: "*.tmp"}}'), [
    'libraries (Kids) has path: ""; expected a music folder',
    'libraries (Kids) has followSymlinks: "ja"; expected true or false',
    'libraries (Kids) has excludePatterns: "*.tmp"; expected a list of patterns such as "*.tmp", "Podcasts/"',
  ])
  assert.deepEqual(await told('[{path: /a}, {path: /a/, name: b}, {path: /c, name: B}]'), [
    'libraries (entry 2) has the path of entry 1; expected every path once',
    'libraries (entry 3) has the name of entry 2; expected every name once',
  ])
})

test('the environment takes lists, switches and names with or without inner underscores', async () => {
  const env = {
    TONEARM_SERVER_TRUSTEDPROXIES: '127.0.0.1, fd00::/8,unix',
    TONEARM_SUBSONIC_LEGACY_CLIENTS: '["A,B","C"]',
    TONEARM_SCANNER_ON_START: 'no',
    TONEARM_SERVER_TLS_CERT: '/c',
    TONEARM_SERVER_TLS_KEY: '/k',
  }
  const { config } = await load({ env })
  assert.deepEqual(config.server.trustedProxies, ['127.0.0.1', 'fd00::/8', 'unix'])
  assert.deepEqual(config.subsonic.legacyClients, ['A,B', 'C'])
  assert.equal(config.scanner.onStart, false)
  assert.deepEqual(config.server.tls, { cert: '/c', key: '/k' })
  assert.match(
    (await problemsOf({ env: { TONEARM_SERVER_TRUSTED_PROXIES: '10.0.0.0/33' } }))[0] ?? '',
    /expected a list of addresses/,
  )
})

test('values of every unit are read strictly', async () => {
  const read = async (value: string) => (await load({ file: yaml(value) })).config
  assert.equal((await read('scanner: {watchWait: 1h30m}')).scanner.watchWait, 5_400_000)
  assert.equal((await read('scanner: {watchWait: 0}')).scanner.watchWait, 0)
  assert.equal((await read('artwork: {cacheSize: 1.5GiB}')).artwork.cacheSize, 1.5 * 1024 ** 3)
  assert.equal((await read('server: {unixSocketMode: 0660}')).server.unixSocketMode, 0o660)
  assert.deepEqual((await read('scanner: {schedule: "30 4 * * *"}')).scanner.schedule, {
    kind: 'cron',
    pattern: '30 4 * * *',
  })
  assert.deepEqual((await read('server: {baseUrl: "https://h.example/m/"}')).server.baseUrl, {
    origin: 'https://h.example',
    path: '/m',
  })
  for (const wrong of [
    'scanner: {watchWait: 5}',
    'scanner: {watchWait: 5 parsecs}',
    'scanner: {schedule: "61 * * * *"}',
    'scanner: {schedule: "@every 1s"}',
    'scanner: {pollHours: 7-24}',
    'artwork: {cacheSize: -1MB}',
    'artwork: {quality: 101}',
    'artwork: {prepare: maybe}',
    'server: {baseUrl: "music"}',
    'server: {baseUrl: "https://h.example/?x=1"}',
    'server: {unixSocketMode: rw}',
    'server: {port: 45.5}',
    'log: {level: loud}',
  ]) {
    assert.equal((await problemsOf({ file: yaml(wrong) })).length, 1, wrong)
  }
})

for (const [written, expected] of [
  ['music: ~/Music', ['Music']],
  ['music: "~"', ['']],
  ['music: "~/Music:Old"', ['Music:Old']],
  ['music: [~/Music]', ['Music']],
  ['music:\n- ~/Music\n- ~/More', ['Music', 'More']],
  ['music: Music', ['Music']],
] as const) {
  test(`one path or several, with ~ or without: ${JSON.stringify(written)}`, async () => {
    const { config } = await load({ file: yaml(`${written}\n`) })
    assert.deepEqual(
      config.libraries.map(({ path }) => path),
      expected.map((path) => (path === '' ? folder : join(folder, path))),
    )
  })
}

test('one text stands for a list of it, and what is no list is told', async () => {
  const { config } = await load({ file: yaml('server: {trustedProxies: 10.0.0.1}\nlyrics: {priority: embedded}\n') })
  assert.deepEqual([config.server.trustedProxies, config.lyrics.priority], [['10.0.0.1'], ['embedded']])
  for (const [text, told] of [
    ['music: 7', /expected a path or a list of paths/],
    ['music: {Music: /a}', /expected a path or a list of paths/],
    ['music: ""', /expected a path or a list of paths/],
  ] as const)
    assert.match((await problemsOf({ file: yaml(`${text}\n`) }))[0] ?? '', told)
  assert.match((await problemsOf({ env: { TONEARM_MUSIC: '["/a"' } }))[0] ?? '', /expected a path or a list/)
})
