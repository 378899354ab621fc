import { libraryList } from './library-list.ts'
import { choice, duration, list, path, paths, program, type Setting, size, text, toggle, whole } from './setting.ts'
import { baseUrl, fileMode, networks, profileList, publicUrl, schedule } from './special-settings.ts'

/** A heading in the file with the settings below it. */
export interface Section<Members extends Readonly<Record<string, Setting<unknown> | Section>> = SectionMembers> {
  readonly about: string
  readonly members: Members
  /** The plugin of the section's name starts with these settings; what is set for the plugin itself beats them. */
  readonly ofPlugin?: boolean
}
interface SectionMembers {
  readonly [name: string]: Setting<unknown> | Section
}

function section<const M extends SectionMembers>(about: string, members: M): Section<M> {
  return { about, members }
}

function pluginSection<const M extends SectionMembers>(about: string, members: M): Section<M> {
  return { about, members, ofPlugin: true }
}

/**
 * Every setting there is. `config/default.yaml`, the environment's names and the checks follow from this table; the help
 * texts are what people read in that file.
 */
export const SETTINGS = section('Tonearm', {
  music: paths([], {
    help: 'Music folders, the short way: each becomes a library named after the folder. Also --music DIR, once or often. One that is named no more is gone from all lists at the next start, and back with stars and plays when it is named again.',
    navidrome: ['MUSICFOLDER'],
  }),
  libraries: libraryList({
    help: 'Music folders, the long way. An entry: {name: Jazz, path: /srv/jazz, recursive: true, followSymlinks: true, excludePatterns: ["*.tmp", "Podcasts/"]}. Patterns are those of .gitignore, relative to the folder.',
  }),

  server: section('How clients reach the server.', {
    host: text('0.0.0.0', {
      help: 'Address to listen on: 0.0.0.0 (everybody, IPv4), :: (also IPv6), 127.0.0.1 (this machine), or unix:/run/tonearm/http.sock.',
      expected: 'an address, a host name, or unix:/path/of/a/socket',
      pattern: '^(unix:/.+|[A-Za-z0-9_.:%-]+)$',
      navidrome: ['ADDRESS'],
    }),
    port: whole(
      4533,
      { min: 0, max: 65_535 },
      { help: 'Port to listen on; 0 takes any free one.', navidrome: ['PORT'] },
    ),
    baseUrl: baseUrl({
      help: 'Path below which a reverse proxy serves Tonearm, such as /music. May be a whole address: it is then the one that the banner and links show.',
      navidrome: ['BASEURL'],
    }),
    tls: section('HTTPS without a proxy.', {
      cert: path('', { help: 'Certificate chain in PEM. Both or none.', navidrome: ['TLSCERT'] }),
      key: path('', { help: 'Private key in PEM.', navidrome: ['TLSKEY'] }),
    }),
    unixSocketMode: fileMode('0660', { help: 'Permissions of the Unix socket.', navidrome: ['UNIXSOCKETPERM'] }),
    trustedProxies: networks([], {
      help: "Reverse proxies whose X-Forwarded-* headers are believed. Without them the proxy's own address counts in login throttling.",
    }),
    allowedOrigins: list([], {
      help: 'Web players on other sites that may open WebSockets here, such as https://player.example.org; * lets all in. Our own address always may, and so may programs that are no browser.',
      expected: 'a list of origins such as https://player.example.org, or *',
      item: /^(\*|https?:\/\/[^\s/]+)$/,
    }),
    maxListeners: whole(
      2_000,
      { min: 1, max: 100_000 },
      { help: 'Clients that are kept informed (events and WebSockets) at a time, of all users together.' },
    ),
    maxListenersPerUser: whole(
      32,
      { min: 1, max: 100_000 },
      { help: 'The same of one user, on all devices and in all tabs.' },
    ),
    maxPerAddress: whole(
      256,
      { min: 0, max: 100_000 },
      {
        help: 'Requests of one address (an IPv6 /64) under way at a time, streams and downloads among them; further ones get 429. And half as many connections more. Behind a proxy of trustedProxies the address is the one that it tells; this machine is not counted. Where a container or a router shows all clients under one address, they share it. 0 = no bound.',
      },
    ),
    adapter: choice(['auto', 'uws', 'node'], 'auto', {
      help: 'The HTTP engine: uws (uWebSockets.js, fast; HTTP/1.1 only), node (built in, runs everywhere), auto (uws where it loads; node as soon as a proxy turns out to speak HTTP/1.0, and on a Unix socket).',
    }),
    stopTimeout: duration('5s', { help: 'How long running answers may take to end when the server stops.' }),
  }),

  paths: section('Where Tonearm keeps its things.', {
    data: path('', {
      help: 'Database, keys and backups; on a local disk, since a database breaks on NFS or SMB. Empty: $STATE_DIRECTORY (systemd), else $XDG_DATA_HOME/tonearm or ~/.local/share/tonearm. Also --data DIR.',
      navidrome: ['DATAFOLDER'],
    }),
    minFree: size('500MB', {
      help: 'Administrators are told when less is free on the disk of the data or the cache; 0 tells nothing.',
    }),
    cache: path('', {
      help: 'Pictures and transcoded songs, with systemd also compiled code; may be deleted at any time. Empty: $CACHE_DIRECTORY (systemd), else the folder cache in the data folder.',
      navidrome: ['CACHEFOLDER'],
    }),
  }),

  scanner: section('How music is found.', {
    onStart: toggle(true, { help: 'Look for changes when the server starts.', navidrome: ['SCANNER_SCANONSTARTUP'] }),
    schedule: schedule('off', {
      help: 'Look for changes at these times, such as "0 4 * * *" or "@every 6h". Watching usually makes this needless.',
      navidrome: ['SCANNER_SCHEDULE', 'SCANSCHEDULE', 'SCANINTERVAL'],
    }),
    watch: choice(['auto', 'poll', 'off'], 'auto', {
      help: "Notice changes by themselves: auto (the system tells; network folders are polled), poll (always look at the folders' times), off.",
    }),
    watchWait: duration('5s', {
      help: 'How long a folder must be quiet before it is scanned; 0 switches watching off.',
      navidrome: ['SCANNER_WATCHERWAIT'],
    }),
    pollInterval: duration('15m', { help: 'How often folders that the system can not watch are looked at.' }),
    pollHours: text('0-23', {
      help: 'Hours of the day in which folders are polled, such as 7-23: outside of them disks may sleep.',
      expected: 'hours such as 7-23 or 0-23',
      pattern: '^([01]?\\d|2[0-3])-([01]?\\d|2[0-3])$',
    }),
    followSymlinks: toggle(true, {
      help: 'Follow links to other folders, for libraries that do not say otherwise. Loops are noticed.',
      navidrome: ['SCANNER_FOLLOWSYMLINKS'],
    }),
    readers: whole(
      0,
      { min: 0, max: 16 },
      { help: 'Processes that read tags during a scan; 0 = by the number of cores.' },
    ),
    readTimeout: duration('10s', { help: 'A file that takes longer to read is set aside.' }),
    artistSeparators: list([' / ', ' feat. ', ' feat ', ' ft. ', ' ft ', '; '], {
      help: 'What separates several artists in one tag.',
    }),
    artistJoiner: text(' • ', {
      help: 'What stands between several artists where a client shows one text.',
      navidrome: ['SCANNER_ARTISTJOINER'],
    }),
    artistsNotSplit: list([], {
      help: 'Artists whose names hold such a separator.',
      navidrome: ['SCANNER_ARTISTSPLITEXCEPTIONS'],
    }),
    genreSeparators: list([';', '/', ','], {
      help: 'What separates several genres in one tag.',
      navidrome: [{ name: 'SCANNER_GENRESEPARATORS', translate: (characters) => JSON.stringify([...characters]) }],
    }),
  }),

  auth: section('Logging in.', {
    sessionTimeout: duration('48h', {
      help: 'How long a login of the web API lasts after its last use.',
      navidrome: ['SESSIONTIMEOUT'],
    }),
    attempts: whole(
      10,
      { min: 0, max: 10_000 },
      {
        help: 'Wrong passwords of one address or for one user before further ones must wait; 0 switches throttling off.',
        navidrome: ['AUTHREQUESTLIMIT'],
      },
    ),
    attemptWindow: duration('60s', { help: 'The time in which those are counted.', navidrome: ['AUTHWINDOWLENGTH'] }),
    minPasswordLength: whole(
      8,
      { min: 1, max: 64 },
      { help: 'The fewest characters of a new password. Passwords from before stay valid.' },
    ),
  }),

  transcoding: section('Converting songs for slow connections and for devices that can not play a format.', {
    engine: choice(['auto', 'native', 'wasm', 'off'], 'auto', {
      help: 'native (the ffmpeg program), wasm (the one that comes along, slower), auto (native where there is one), off.',
    }),
    ffmpegPath: program('ffmpeg', {
      help: 'The ffmpeg program: a name to be looked for in the PATH, or a path.',
      navidrome: ['FFMPEGPATH'],
    }),
    defaultFormat: text('opus', {
      help: 'What a song becomes when a client only limits the bit rate.',
      navidrome: ['DEFAULTDOWNSAMPLINGFORMAT'],
    }),
    maxBitRate: whole(
      0,
      { min: 0, max: 10_000 },
      { help: 'The most that anybody gets, in kbit/s; more is converted down. 0 = no limit.' },
    ),
    profiles: profileList({
      help: 'Changes to the formats mp3, opus, aac, ogg and flac, or formats of your own. An entry: {name: opus, bitRate: 96}, {name: flac, enabled: false}, or {name: ac3, suffix: ac3, contentType: audio/ac3, encoder: ac3, arguments: ["-c:a", "ac3", "-b:a", "{bitRate}k", "-f", "ac3"]}.',
    }),
    maxConcurrent: whole(
      0,
      { min: 0, max: 64 },
      {
        help: 'Conversions at the same time; 0 = by the number of cores.',
        navidrome: ['TRANSCODING_MAXCONCURRENT'],
      },
    ),
    maxConcurrentPerUser: whole(
      0,
      { min: 0, max: 64 },
      {
        help: 'The same for one user; 0 = no limit of its own.',
        navidrome: ['TRANSCODING_MAXCONCURRENTPERUSER'],
      },
    ),
    cacheSize: size('100MB', {
      help: 'Disk space for converted songs; the least recently played go first. 0 = none is kept.',
      navidrome: ['TRANSCODINGCACHESIZE'],
    }),
  }),

  artwork: section('Covers.', {
    priority: list(['cover.*', 'folder.*', 'front.*', 'embedded'], {
      help: "Where an album's cover is looked for, first match wins: file patterns and `embedded`.",
      navidrome: ['COVERARTPRIORITY'],
    }),
    artistPriority: list(['artist.*', 'album/artist.*'], {
      help: "Where an artist's picture is looked for; `album/` means the folders of the artist's albums.",
      navidrome: ['ARTISTARTPRIORITY'],
    }),
    discPriority: list(['disc*.*', 'cd*.*', 'cover.*', 'folder.*', 'front.*', 'embedded'], {
      help: "Where a disc's picture is looked for.",
      navidrome: ['DISCARTPRIORITY'],
    }),
    placeholder: toggle(false, { help: 'Send a drawn picture for what has none; otherwise clients show their own.' }),
    quality: whole(
      80,
      { min: 1, max: 100 },
      { help: 'JPEG quality of smaller covers.', navidrome: ['COVERARTQUALITY', 'COVERJPEGQUALITY'] },
    ),
    cacheSize: size('1GB', {
      help: 'Disk space for covers: one bounded picture of each (some 50 KB) and the sizes that clients ask for.',
      navidrome: ['IMAGECACHESIZE'],
    }),
    maxFileSize: size('20MB', { help: 'A bigger picture is not decoded.', navidrome: ['MAXIMAGESIZE'] }),
    prepare: toggle(true, {
      help: 'Make thumbnails right after a scan, while the disks are awake.',
      navidrome: ['ENABLEARTWORKPRECACHE'],
    }),
  }),

  lyrics: section('Lyrics.', {
    priority: list(['.lrc', '.elrc', '.ttml', '.lyricsfile', '.yaml', '.yml', '.srt', '.txt', 'embedded'], {
      help: 'Where lyrics are looked for, first match wins: endings of files beside the song, and `embedded`. Who asks for times of words gets the first that has them.',
      navidrome: ['LYRICSPRIORITY'],
    }),
  }),

  playlists: section('Playlist files (.m3u, .m3u8) in the music folders.', {
    import: toggle(true, { help: 'Take them over and keep them in step.', navidrome: ['AUTOIMPORTPLAYLISTS'] }),
    public: toggle(false, {
      help: 'Playlists from files are visible to all users.',
      navidrome: ['DEFAULTPLAYLISTPUBLICVISIBILITY'],
    }),
  }),

  subsonic: section('The Subsonic API.', {
    ignoredArticles: text('The El La Los Las Le Les Os As O A', {
      help: 'Words, separated by spaces, that do not count at the start of a name when sorting.',
      navidrome: ['IGNOREDARTICLES'],
    }),
    realPaths: toggle(false, {
      help: 'Tell clients the real path of a song, not Artist/Album/01 - Title.',
      navidrome: ['SUBSONIC_DEFAULTREPORTREALPATH'],
    }),
    legacyClients: list(['DSub', 'DSubCC', 'Clementine'], {
      help: 'Clients (parameter c) that get no OpenSubsonic fields.',
      navidrome: ['SUBSONIC_LEGACYCLIENTS'],
    }),
    minimalClients: list(['SubMusic'], {
      help: 'Clients that get the bare minimum of fields, for devices with little memory.',
      navidrome: ['SUBSONIC_MINIMALCLIENTS'],
    }),
  }),

  sharing: pluginSection(
    'Links by which people without an account may listen. What is set for the plugin sharing itself beats this.',
    {
      enabled: toggle(true, { help: 'Whether links may be made and opened.', navidrome: ['ENABLESHARING'] }),
      publicUrl: publicUrl({
        help: 'Address that links begin with, such as https://music.example.org. Empty: the address by which the client reaches the server.',
        navidrome: ['SHAREURL'],
      }),
      allowedNetworks: networks(
        [],
        {
          help: 'Networks that may open links, such as 192.168.0.0/16; everybody else is told that there is no such link. Empty: everybody may.',
        },
        { unix: false },
      ),
      allowDownloads: toggle(true, {
        help: 'Whether any link may allow downloads.',
        navidrome: ['ENABLEDOWNLOADS'],
      }),
      maxBitrate: whole(
        0,
        { min: 0, max: 10_000 },
        { help: 'The most that links send, in kbit/s, whatever their makers say. 0: no limit.' },
      ),
      defaultExpiry: duration('8760h', {
        help: 'How long a link lasts when its maker names no end. 0: for ever.',
        navidrome: ['DEFAULTSHAREEXPIRATION'],
      }),
      defaultDownloadable: toggle(false, {
        help: 'Whether a link allows downloads when its maker does not say.',
        navidrome: ['DEFAULTDOWNLOADABLESHARE'],
      }),
      rateLimit: whole(
        120,
        { min: 0, max: 100_000 },
        {
          help: 'Pages of links that one address may open a minute, and ten times as many songs and covers. 0: no limit.',
        },
      ),
      passwordAttempts: whole(
        10,
        { min: 1, max: 1_000 },
        { help: 'Wrong passwords that one address may try on one link in a quarter of an hour.' },
      ),
    },
  ),

  backup: section('Backups of the database and the keys. The music is not in them.', {
    schedule: schedule('off', {
      help: 'When one is made by itself, such as "0 3 * * *".',
      navidrome: ['BACKUP_SCHEDULE'],
    }),
    count: whole(
      7,
      { min: 0, max: 1000 },
      { help: 'How many are kept; the oldest go. 0 keeps all.', navidrome: ['BACKUP_COUNT'] },
    ),
    path: path('', {
      help: 'The folder for them; best on another disk. Empty: the folder backups in the data folder.',
      navidrome: ['BACKUP_PATH'],
    }),
  }),

  plugins: section('Plugins.', {
    enabled: toggle(true, {
      help: 'Whether plugins run at all. Without them there are no shares, no scrobbling and no web administration.',
      navidrome: ['PLUGINS_ENABLED'],
    }),
    folder: path('', {
      help: 'Where plugins are put that did not come with Tonearm. Empty: the folder plugins in the data folder.',
      navidrome: ['PLUGINS_FOLDER'],
    }),
    order: list([], {
      help: 'Names of plugins in the order in which they are asked; the others follow by name.',
    }),
    required: list([], {
      help: 'Names of plugins that guard the music: while one of them does not run, for whatever reason, only administrators see anything and nobody hears anything.',
    }),
    watch: toggle(true, {
      help: 'Load, replace and unload plugins as soon as their folders change; otherwise by `tonearm plugin rescan`.',
      navidrome: ['PLUGINS_AUTORELOAD'],
    }),
    safeMode: choice(['auto', 'on', 'off'], 'auto', {
      help: 'Leave out plugins that did not come with Tonearm: auto does so after it was killed twice within ten minutes and nobody knows why.',
    }),
    hangLimit: duration('60s', {
      help: 'How long a plugin may let nothing else run, as an endless loop does, before the server is ended and started again without it; three times as long where the plugin is not known. Under systemd its WatchdogSec= counts instead. 0: for ever.',
    }),
  }),

  inspect: section('Looking into single files.', {
    enabled: toggle(true, {
      help: "Administrators may see a song's tags as they are in the file.",
      navidrome: ['INSPECT_ENABLED'],
    }),
  }),

  dev: section('For those who look after the server.', {
    showConfig: toggle(true, {
      help: 'Administrators may see these settings over the web API, secrets masked.',
      navidrome: ['DEVUISHOWCONFIG'],
    }),
  }),

  log: section('The log: readable lines on a terminal, else one JSON object a line on standard output.', {
    level: choice(['error', 'warn', 'info', 'debug'], 'info', {
      help: 'How much is told.',
      navidrome: [{ name: 'LOGLEVEL', translate: translateLogLevel }],
    }),
    format: choice(['auto', 'json', 'text'], 'auto', {
      help: 'auto decides by whether standard output is a terminal.',
    }),
  }),
})

function translateLogLevel(level: string): string {
  return { fatal: 'error', warning: 'warn', trace: 'debug' }[level.toLowerCase()] ?? level.toLowerCase()
}

type ValuesOf<S> =
  S extends Setting<infer T> ? T : S extends Section<infer M> ? { readonly [K in keyof M]: ValuesOf<M[K]> } : never

/** The settings as the program reads them: durations in milliseconds, sizes in bytes, paths absolute. */
export type Settings = ValuesOf<typeof SETTINGS>

export interface NamedSetting {
  /** `server.tls.cert` */
  readonly name: string
  readonly setting: Setting<unknown>
}

export function isSection(member: Setting<unknown> | Section): member is Section {
  return 'members' in member
}

/** All settings in the table's order. */
export function listSettings(from: Section = SETTINGS, prefix = ''): readonly NamedSetting[] {
  return Object.entries(from.members).flatMap(([key, member]) =>
    isSection(member) ? listSettings(member, `${prefix}${key}.`) : [{ name: prefix + key, setting: member }],
  )
}

/** `server.baseUrl` → `TONEARM_SERVER_BASE_URL`. */
export function environmentName(name: string): string {
  return `TONEARM_${name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`
}
