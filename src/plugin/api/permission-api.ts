/** What a plugin may ask for. Part of `tonearm/plugin`. */
export type Permission =
  | 'library:read'
  | 'users:read'
  | 'playback:read'
  | 'server:read'
  | 'admin'
  | 'db'
  | 'storage'
  | 'settings'
  | 'scheduler'
  | 'notify'
  | 'assets'
  | 'access:scope'
  | 'access:stream'
  | 'request'
  | 'scan:tags'
  | 'routes'
  | 'routes:public'
  | 'routes:root'
  | 'subsonic'
  | `net:${string}`
  | `node:${string}`
