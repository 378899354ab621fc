import type { Route, RouteHandler } from './router.ts'
import type { HttpReply } from './types.ts'

/** What a browser or a health check finds beside the API. */
export function welcomeRoutes({ version }: { readonly version: string }): readonly Route[] {
  const route = (path: string, handler: RouteHandler): Route => ({ method: 'GET', path, handler })
  return [
    route('/', ({ origin }) => text(page(origin, version), 'text/html; charset=utf-8')),
    route('/ping', () => text('.\n', 'text/plain; charset=utf-8')),
    route('/robots.txt', () => text('User-agent: *\nDisallow: /\n', 'text/plain; charset=utf-8')),
  ]
}

function text(body: string, type: string): HttpReply {
  const headers = {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  }
  return { kind: 'bytes', status: 200, headers, body }
}

function page(origin: string, version: string): string {
  const address = escapeHtml(origin)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tonearm</title>
<style>body{font:1.1em/1.5 system-ui,sans-serif;max-width:36em;margin:15vh auto;padding:0 1em}code{background:#8882;padding:.2em .4em;border-radius:.3em}</style>
<h1>Tonearm is running</h1>
<p>It has no pages of its own: listen with any Subsonic or OpenSubsonic client. Type this as the server's address:</p>
<p><code>${address}</code></p>
<p>User and password are those of your account here.</p>
<p><small>Version ${escapeHtml(version)}</small></p>
</html>
`
}

function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
