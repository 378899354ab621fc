/**
 * What minors of the plugin API added to 1.0; plugins/README.md tells the same. `calls` are looked for in the code, as text:
 * names that other things have as well ask for their context.
 */
export const ADDED: readonly {
  readonly version: `${number}.${number}`
  readonly hooks: readonly string[]
  readonly calls: readonly (readonly [name: string, call: RegExp])[]
}[] = [
  {
    version: '1.1',
    hooks: ['scan.progress', 'plugin.state'],
    calls: [
      ['routes.socket', /\broutes\.socket\(/],
      ['routes.events', /\broutes\.events\(/],
      ['routes.runningMedia', /\broutes\.runningMedia\(/],
      ['the option yields of a route', /\byields: (true|!0)/],
      ['the option beginnings of admin.missing.list', /\bmissing\.list\([\s\S]*\bbeginnings\b/],
      ['library.songIds', /\blibrary\.songIds\(/],
      ['ctx.connect', /\b(ctx|context)\.connect\(/],
      ['the option durable of notify.channel', /\bnotify\.channel\([\s\S]*\bdurable: (true|!0)/],
    ],
  },
  {
    version: '1.2',
    hooks: [],
    calls: [
      ['webPage or webTheme', /\bweb(Page|Theme)\b/],
      ['addressGroup', /\baddressGroup\(/],
      ['createNetworkMatcher', /\bcreateNetworkMatcher\(/],
      ['isPrivateAddress or isLocalAddress', /\bis(Private|Local)Address\(/],
      ['truncatedAddress', /\btruncatedAddress\(/],
      ['isNetwork', /\bisNetwork\(/],
      ['oneAtATime', /\boneAtATime\(/],
    ],
  },
  {
    version: '1.3',
    hooks: [],
    calls: [
      ['the option apiKeys of a route', /\bapiKeys: (false|!1)/],
      ['routes.checkSecret', /\broutes\.checkSecret\(/],
    ],
  },
  {
    version: '1.4',
    hooks: [],
    calls: [
      ['subsonic.entries', /\bsubsonic\.entries\(/],
      ['subsonic.standsFor', /\bsubsonic\.standsFor\(/],
    ],
  },
  {
    version: '1.5',
    hooks: ['playback.paused', 'playback.resumed', 'playback.stopped', 'playback.counted'],
    calls: [['cueLines in answers of media.lyrics', /\bcueLines\b/]],
  },
]

/** Whether the API `version` lacks what `since` added. */
export function isOlder(version: string, since: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [sinceMajor = 0, sinceMinor = 0] = since.split('.').map(Number)
  return major < sinceMajor || (major === sinceMajor && minor < sinceMinor)
}
