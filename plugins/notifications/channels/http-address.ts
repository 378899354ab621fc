/** Addresses of targets, as people type them. */

/** Undefined for what is no http(s) address, or has a name and password in it. */
export function httpAddress(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return undefined
  url.hash = ''
  return url
}

export function addressProblem(text: string, what: string): string | undefined {
  if (httpAddress(text)) return undefined
  return `${what} is no address: it begins with https:// or http://, and has no name or password in it`
}

/** `https://push.example.org/gotify/` and `message` become `https://push.example.org/gotify/message`. */
export function below(base: URL, path: string): URL {
  const url = new URL(base)
  url.search = ''
  url.pathname = `${base.pathname.replace(/\/+$/, '')}/${path}`
  return url
}

/** Without what only machines need: `push.example.org/gotify`. */
export function shortAddress(text: string): string {
  const url = httpAddress(text)
  return url ? `${url.host}${url.pathname.replace(/\/+$/, '')}` : ''
}
