import { multicastOrigin } from './multicast-name.ts'
import { escapeHtml, plainPage } from './plain-page.ts'
import type { Route } from './router.ts'

/** What a browser shows at the server's address: the address to type into a client. */
export function welcomeRoute({ version }: { readonly version: string }): Route {
  return {
    method: 'GET',
    path: '/',
    handler: ({ origin }) => plainPage(200, 'Tonearm is running', body(origin, version, multicastOrigin(origin))),
  }
}

function body(origin: string, version: string, local: string | undefined): string {
  const other = local
    ? `\n<p>In this network also, whatever number the machine gets: <code>${escapeHtml(local)}</code></p>`
    : ''
  return `<p>Listen with any Subsonic or OpenSubsonic client. Type this as the server's address:</p>
<p><code>${escapeHtml(origin)}</code></p>${other}
<p>User and password are those of your account here.</p>
<p><small>Version ${escapeHtml(version)}</small></p>`
}
