export type PathResult = { readonly kind: 'path'; readonly path: string } | { readonly kind: 'bad' }

const BAD: PathResult = { kind: 'bad' }
/** Plain paths, the most of them, need no decoding. */
const PLAIN = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/

/**
 * Reads the target of a request line without its query: percent-decoded once, double slashes folded, base path taken off.
 * A path without the base path counts as well: some proxies take it away, and clients at home go past the proxy.
 * Refused as bad: invalid escapes, NUL, and `.` or `..` segments, which honest clients resolve themselves.
 */
export function readPath(target: string, basePath: string): PathResult {
  let path = target
  if (!PLAIN.test(path)) {
    const absolute = /^https?:\/\/[^/]*/i.exec(path)
    if (absolute) path = path.slice(absolute[0].length) || '/'
    if (path.charCodeAt(0) !== 47) return BAD
    try {
      path = decodeURIComponent(path)
    } catch {
      return BAD
    }
    if (path.includes('\0')) return BAD
    path = path.replace(/\/{2,}/g, '/')
    if (/\/\.{1,2}(?:\/|$)/.test(path)) return BAD
  }
  if (basePath === '') return { kind: 'path', path }
  if (path.startsWith(basePath)) {
    if (path.length === basePath.length) return { kind: 'path', path: '/' }
    if (path.charCodeAt(basePath.length) === 47) return { kind: 'path', path: path.slice(basePath.length) }
  }
  return { kind: 'path', path }
}
