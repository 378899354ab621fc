import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Reply } from '../api/reply-api.ts'
import type { PluginRequest } from '../api/request-api.ts'

/** Where the files of the page kit lie: beside the bundle, or here. Everybody gets them at `/plugins/-/`. */
export const KIT_FOLDER = fileURLToPath(
  new URL(import.meta.url.endsWith('.mjs') ? './pages' : './kit', import.meta.url),
)

export interface WebPage {
  /** Of the window, the login and the frame. Plain text. */
  readonly title: string
  /** Where `ctx.assets` serves the page's files, from the server's beginning: `plugins/loved/ui`. */
  readonly folder: string
  /** Files in it. Style sheets come after the kit's. */
  readonly styles?: readonly string[]
  /** Scripts that are no modules, such as libraries; they run first. */
  readonly scripts?: readonly string[]
  /** Modules; they import the kit by its address, `../../-/page.js` from that folder, and call its `openPage`. */
  readonly modules: readonly string[]
  /** `icon.svg` unless said otherwise. */
  readonly icon?: string
}

/** Nothing from elsewhere, nothing inline. */
const POLICY = [
  "default-src 'none'",
  ...['script', 'style', 'img', 'connect', 'media', 'font', 'manifest'].map((kind) => `${kind}-src 'self'`),
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * A web page on the page kit, for a public GET route: it holds nothing but the frame, the rest comes with a login. Its
 * addresses are relative to that of the request, so base paths work.
 */
export function webPage({ path }: Pick<PluginRequest, 'path'>, page: WebPage): Reply {
  const { title, folder, styles = [], scripts = [], modules, icon = 'icon.svg' } = page
  const up = '../'.repeat(path.split('/').length - 2)
  const at = (file: string) => escaped(`${up}${folder}/${file}`)
  const head = [
    ...['theme.css', 'page.css'].map((file) => `<link rel="stylesheet" href="${up}plugins/-/${file}">`),
    ...styles.map((file) => `<link rel="stylesheet" href="${at(file)}">`),
    `<link rel="icon" href="${at(icon)}">`,
    ...scripts.map((file) => `<script src="${at(file)}" defer></script>`),
    ...modules.map((file) => `<script src="${at(file)}" type="module"></script>`),
  ]
  return {
    kind: 'text',
    type: 'text/html; charset=utf-8',
    headers: {
      'content-security-policy': POLICY,
      'cache-control': 'no-cache',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="same-origin">
<title>${escaped(title)} \u2013 Tonearm</title>
${head.join('\n')}
</head>
<body>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`,
  }
}

let theme: string | undefined

/** The style sheet with the kit's colours and shapes, for pages that stand without the kit, at an address of their own. */
export function webTheme(): Reply {
  theme ??= readFileSync(`${KIT_FOLDER}/theme.css`, 'utf8')
  return { kind: 'text', type: 'text/css; charset=utf-8', headers: { 'cache-control': 'no-cache' }, body: theme }
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
