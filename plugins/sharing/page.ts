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
  /** Absent: there is no picture. */
  readonly cover?: string
}

/** A drawing in place of a cover; scripts and styles lie beside it. */
const placeholder = (up: string) => `${up}-/cover.svg`

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
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
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
<link rel="stylesheet" href="${up}-/theme.css">
<link rel="stylesheet" href="${up}-/share.css">
</head>
<body>
${main}
</body>
</html>
`.text
}

export function clock(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** `47 min`, `3 h 20 min`. */
function length(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000))
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

function day(at: number): Safe {
  const date = new Date(at)
  const text = date.toLocaleDateString('en', { dateStyle: 'long', timeZone: 'UTC' })
  return html`<time datetime="${date.toISOString()}">${text}</time>`
}

/** The one that all have, or ''. */
function common(tracks: readonly PageTrack[], name: 'artist' | 'album'): string {
  const [first] = tracks
  return first && tracks.every((track) => track[name] === first[name]) ? first[name] : ''
}

function countOf({ tracks }: SharePage): string {
  return `${tracks.length} ${tracks.length === 1 ? 'song' : 'songs'}`
}

function meta(page: SharePage): Safe {
  const { url, image, audio } = page.card
  const by = common(page.tracks, 'artist')
  const about =
    page.description || [by && `by ${by}`, countOf(page), `shared by ${page.owner}`].filter(Boolean).join(' · ')
  return html`<meta name="description" content="${about}">
<meta property="og:site_name" content="Tonearm">
<meta property="og:type" content="${page.tracks.length === 1 ? 'music.song' : 'music.playlist'}">
<meta property="og:url" content="${url}">
<meta property="og:title" content="${page.title}">
<meta property="og:description" content="${about}">
${
  image &&
  html`<meta property="og:image" content="${image}">
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

/** A row: its number where all songs are of one album, else its cover; what is the same in all rows stands above them. */
function row(
  track: PageTrack,
  index: number,
  same: { readonly artist: string; readonly album: string; readonly up: string },
): Safe {
  const { title, artist, album, stream } = track
  const cover = track.cover ?? placeholder(same.up)
  const under = [same.artist ? '' : artist, same.album ? '' : album].filter(Boolean).join(' · ')
  const lead = same.album
    ? html`<span class="number" aria-hidden="true">${index + 1}</span>`
    : html`<img class="thumb" src="${track.cover ? `${cover}&size=100` : cover}" width="44" height="44" alt="" loading="lazy">`
  return html`<li class="track" data-title="${title}" data-artist="${artist}" data-album="${album}" data-cover="${cover}" data-seconds="${Math.round(track.durationMs / 1000)}">
<div class="line">${lead}<span class="names"><span class="name" dir="auto">${title}</span>${under !== '' && html` <span class="under" dir="auto">${under}</span>`}</span><span class="time">${clock(track.durationMs)}</span></div>
${stream && html`<audio controls preload="none" src="${stream}" aria-label="${title} by ${artist}"></audio>`}
</li>`
}

export function sharePage(page: SharePage): string {
  const { tracks, title, up } = page
  const total = tracks.reduce((sum, track) => sum + track.durationMs, 0)
  const same = { artist: common(tracks, 'artist'), album: common(tracks, 'album'), up }
  const [first] = tracks
  const by = [same.artist, same.album].filter((name) => name !== '' && name !== title).join(' · ')
  const main = html`${first?.cover && html`<img class="ambient" src="${first.cover}&size=64" alt="" aria-hidden="true">`}
<main>
<header class="top">
${first && html`<img class="cover" src="${first.cover ?? placeholder(up)}" width="600" height="600" alt="">`}
<div class="about">
<p class="from"><bdi>${page.owner}</bdi> shares</p>
<h1 dir="auto">${title}</h1>
${by !== '' && html`<p class="by" dir="auto">${by}</p>`}
${page.description !== '' && html`<p class="description" dir="auto">${page.description}</p>`}
<p class="facts">${countOf(page)}${tracks.length > 0 && html` · ${length(total)}`}${page.expiresAt !== undefined && html` · until ${day(page.expiresAt)}`}</p>
<div class="actions" id="actions">${page.download && html`<a class="button" href="${page.download}" download>${tracks.length === 1 ? 'Download' : 'Download all (ZIP)'}</a>`}</div>
</div>
</header>
${
  tracks.length === 0
    ? html`<p class="empty">There is nothing to hear here at the moment.</p>`
    : html`<ol class="tracks" id="tracks" aria-label="Songs">
${tracks.map((track, index) => row(track, index, same))}
</ol>`
}
</main>
<footer>Played by Tonearm</footer>
<script src="${up}-/player.js" defer></script>`
  return document_(up, title, meta(page), main)
}

export function messagePage(up: string, title: string, text: string): string {
  return document_(
    up,
    title,
    html`<meta name="robots" content="noindex">`,
    html`<main class="message"><img class="mark" src="${up}-/icon.svg" width="64" height="64" alt=""><h1>${title}</h1><p>${text}</p></main>`,
  )
}

/** For chat programs, of a share that strangers may learn nothing of. */
export function cardPage(up: string): string {
  return document_(
    up,
    'Shared music',
    html`<meta property="og:site_name" content="Tonearm"><meta property="og:title" content="Shared music"><meta name="robots" content="noindex">`,
    html`<main class="message"><img class="mark" src="${up}-/icon.svg" width="64" height="64" alt=""><h1>Shared music</h1><p>Open the link in a browser to listen.</p></main>`,
  )
}

export function passwordPage(up: string, id: string, problem: string): string {
  const main = html`<main class="message">
<img class="mark" src="${up}-/icon.svg" width="64" height="64" alt="">
<h1>This share has a password</h1>
<p>Whoever sent you the link knows it.</p>
<form method="post" action="${up}${id}">
${problem !== '' && html`<p class="problem" id="problem" role="alert">${problem}</p>`}
<label for="password">Password</label>
<input id="password" name="password" type="password" required autocomplete="current-password" maxlength="500"${problem !== '' && html` aria-describedby="problem" aria-invalid="true"`}>
<button type="submit" class="main">Open</button>
</form>
</main>`
  return document_(
    up,
    'This share has a password',
    html`<meta property="og:title" content="Shared music"><meta name="robots" content="noindex">`,
    main,
  )
}
