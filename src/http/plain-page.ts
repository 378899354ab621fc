import { text } from './reply.ts'
import type { HttpReply, HttpRequest } from './types.ts'

type PageReply = Extract<HttpReply, { kind: 'bytes' }>

/** The colours are those of the pages of plugins, plugin/pages/kit/theme.css. */
const STYLE =
  ':root{color-scheme:light dark;background:light-dark(#f6f4ef,#111415);color:light-dark(#1b2022,#ecebe6);' +
  '--accent:light-dark(#0f6276,#6cc8dc)}' +
  'body{font:1.1em/1.5 system-ui,sans-serif;max-width:36em;margin:15vh auto;padding:0 1.2em}' +
  'h1{font-size:1.6em;line-height:1.2;text-wrap:balance}a{color:var(--accent)}' +
  'code{background:#8882;padding:.2em .4em;border-radius:.3em;overflow-wrap:anywhere}small{opacity:.75}'

/** A page of the core's own: a few sentences, without scripts. `body` is HTML. */
export function plainPage(status: number, title: string, body: string): PageReply {
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} · Tonearm</title>
<style>${STYLE}</style>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</html>
`
  return text(status, page, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  })
}

/** Whether a person looks at the answer: browsers ask for pages, programs for anything. */
export function wantsPage({ method, headers }: HttpRequest): boolean {
  return (method === 'GET' || method === 'HEAD') && (headers.accept ?? '').includes('text/html')
}

/** For people who came to an address where nothing is. */
export function missingPage({ origin }: HttpRequest): PageReply {
  const home = escapeHtml(origin)
  return plainPage(
    404,
    'There is nothing here',
    `<p>This is a music server, and this address is none of its pages. Perhaps it was mistyped, or what was here is gone.</p>
<p><a href="${home}/">What this server is, and how to listen</a></p>
<p>In a music client, type <code>${home}</code> as the server's address, without anything behind it.</p>`,
  )
}

export function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
