import type { Reply } from 'tonearm/plugin'

/** Nothing from elsewhere, nothing inline; the worker receives Web Push. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The frame of the page; it holds no note, those come with a login. Addresses are relative: base paths work. */
export function page(): Reply {
  return {
    kind: 'text',
    type: 'text/html; charset=utf-8',
    headers: {
      'content-security-policy': POLICY,
      'cache-control': 'no-cache',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    },
    body: HTML,
  }
}

const ASSETS = 'plugins/notifications/assets'

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="same-origin">
<title>Notifications \u2013 Tonearm</title>
<link rel="stylesheet" href="${ASSETS}/notifications.css">
<link rel="icon" href="${ASSETS}/icon.svg" type="image/svg+xml">
<script src="${ASSETS}/parts.js" defer></script>
<script src="${ASSETS}/push.js" defer></script>
<script src="${ASSETS}/secret.js" defer></script>
<script src="${ASSETS}/settings.js" defer></script>
<script src="${ASSETS}/notifications.js" defer></script>
</head>
<body>
<noscript>This page needs JavaScript.</noscript>
<main id="app"></main>
</body>
</html>
`
