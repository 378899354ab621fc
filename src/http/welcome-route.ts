import { multicastOrigin } from './multicast-name.ts'
import { text } from './reply.ts'
import type { Route } from './router.ts'

/** What a browser shows at the server's address: the address to type into a client. */
export function welcomeRoute({ version }: { readonly version: string }): Route {
  return {
    method: 'GET',
    path: '/',
    handler: ({ origin }) =>
      text(200, page(origin, version, multicastOrigin(origin)), {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      }),
  }
}

const STYLE =
  ':root{color-scheme:light dark}body{font:1.1em/1.5 system-ui,sans-serif;max-width:36em;margin:15vh auto;padding:0 1em}' +
  'code{background:#8882;padding:.2em .4em;border-radius:.3em}'

function page(origin: string, version: string, local: string | undefined): string {
  const other = local
    ? `\n<p>In this network also, whatever number the machine gets: <code>${escapeHtml(local)}</code></p>`
    : ''
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tonearm</title>
<style>${STYLE}</style>
<h1>Tonearm is running</h1>
<p>Listen with any Subsonic or OpenSubsonic client. Type this as the server's address:</p>
<p><code>${escapeHtml(origin)}</code></p>${other}
<p>User and password are those of your account here.</p>
<p><small>Version ${escapeHtml(version)}</small></p>
</html>
`
}

function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
