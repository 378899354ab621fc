/** HTML of the public pages. Whatever comes from outside goes through `html`, which escapes it. */

class Safe {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = string | number | Safe | readonly Safe[] | undefined | false

function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Safe {
  return new Safe(strings.map((text, index) => text + (index < parts.length ? rendered(parts[index]) : '')).join(''))
}

function rendered(part: Part): string {
  if (part === undefined || part === false) return ''
  if (part instanceof Safe) return part.text
  if (Array.isArray(part)) return part.map(rendered).join('')
  return String(part).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

export interface PageTrack {
  readonly title: string
  readonly artist: string
  readonly album: string
  readonly durationMs: number
  /** Absent when it may not be played. */
  readonly stream?: string
  readonly cover: string
}

export interface SharePage {
  /** From where the page stands to `/share/`: '' or `../`. */
  readonly up: string
  readonly title: string
  readonly description: string
  readonly owner: string
  readonly tracks: readonly PageTrack[]
  readonly download?: string
  /** What is in it, in a line. */
  readonly contents: string
  readonly expiresAt?: number
  /** Absolute addresses for chat programs; absent where nothing may be told. */
  readonly card: { readonly url: string; readonly image?: string; readonly audio?: string }
}

/** Nothing but what we serve, no scripts inside the page, no frames around it. */
export const PAGE_HEADERS = Object.freeze({
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex',
})

/** `up`: from where the page stands to `/share/`. */
function document_(up: string, title: string, head: Safe, main: Safe): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
${head}
<link rel="icon" href="${up}-/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${up}-/share.css">
</head>
<body>
${main}
</body>
</html>
`.text
}

export function time(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

function meta(page: SharePage): Safe {
  const { url, image, audio } = page.card
  const about = page.description || `${page.tracks.length} ${page.tracks.length === 1 ? 'song' : 'songs'}`
  return html`<meta property="og:site_name" content="Tonearm">
<meta property="og:type" content="${page.tracks.length === 1 ? 'music.song' : 'music.playlist'}">
<meta property="og:url" content="${url}">
<meta property="og:title" content="${page.title}">
<meta property="og:description" content="${about}">
${
  image &&
  html`<meta property="og:image" content="${image}">
<meta property="og:image:width" content="600">
<meta property="og:image:height" content="600">
<meta property="og:image:alt" content="Cover of ${page.title}">
<meta name="twitter:image" content="${image}">
`
}${
  audio &&
  html`<meta property="og:audio" content="${audio}">
`
}<meta name="twitter:card" content="summary">
<meta name="twitter:title" content="${page.title}">
<meta name="twitter:description" content="${about}">`
}

export function sharePage(page: SharePage): string {
  const { tracks, title } = page
  const total = tracks.reduce((sum, track) => sum + track.durationMs, 0)
  const items = tracks.map(
    (
      track,
      index,
    ) => html`<li class="track" data-title="${track.title}" data-artist="${track.artist}" data-album="${track.album}" data-cover="${track.cover}">
<div class="line"><span class="number" aria-hidden="true">${index + 1}</span><span class="names"><span class="name">${track.title}</span> <span class="artist">${track.artist}</span></span><span class="time">${time(track.durationMs)}</span></div>
${track.stream && html`<audio controls preload="none" src="${track.stream}" aria-label="${track.title} by ${track.artist}"></audio>`}
</li>`,
  )
  const first = tracks[0]
  const main = html`<main>
<header class="top">
${first && html`<img class="cover" src="${first.cover}" width="600" height="600" alt="">`}
<div class="about">
<p class="from">${page.owner} shares</p>
<h1>${title}</h1>
${page.description !== '' && page.description !== title && html`<p class="description">${page.description}</p>`}
<p class="facts">${tracks.length} ${tracks.length === 1 ? 'song' : 'songs'} · ${time(total)}${page.expiresAt !== undefined && ` · until ${new Date(page.expiresAt).toISOString().slice(0, 10)}`}</p>
<div class="actions" id="actions">${page.download && html`<a class="button" href="${page.download}" download>${tracks.length === 1 ? 'Download' : 'Download all (ZIP)'}</a>`}</div>
</div>
</header>
${
  tracks.length === 0
    ? html`<p class="empty">There is nothing to hear here at the moment.</p>`
    : html`<ol class="tracks" id="tracks">
${items}
</ol>`
}
</main>
<script src="${page.up}-/player.js" defer></script>`
  return document_(page.up, title, meta(page), main)
}

export function messagePage(up: string, title: string, text: string): string {
  return document_(
    up,
    title,
    html`<meta name="robots" content="noindex">`,
    html`<main class="message"><h1>${title}</h1><p>${text}</p></main>`,
  )
}

/** For chat programs, of a share that strangers may learn nothing of. */
export function cardPage(up: string): string {
  return document_(
    up,
    'Shared music',
    html`<meta property="og:site_name" content="Tonearm"><meta property="og:title" content="Shared music"><meta name="robots" content="noindex">`,
    html`<main class="message"><h1>Shared music</h1><p>Open the link in a browser to listen.</p></main>`,
  )
}

export function passwordPage(up: string, id: string, problem: string): string {
  const main = html`<main class="message">
<h1>This share has a password</h1>
<form method="post" action="${up}${id}">
${problem !== '' && html`<p class="problem" id="problem" role="alert">${problem}</p>`}
<label for="password">Password</label>
<input id="password" name="password" type="password" required autocomplete="current-password" maxlength="500"${problem !== '' && html` aria-describedby="problem" aria-invalid="true"`}>
<button type="submit" class="button">Open</button>
</form>
</main>`
  return document_(
    up,
    'This share has a password',
    html`<meta property="og:title" content="Shared music"><meta name="robots" content="noindex">`,
    main,
  )
}
