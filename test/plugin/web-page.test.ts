import assert from 'node:assert/strict'
import { test } from 'node:test'
import { definePlugin, webPage, webTheme } from 'tonearm/plugin'
import { createTestHost } from 'tonearm/plugin/testing'

const plugin = definePlugin({
  name: 'loved',
  apiVersion: '1.2',
  permissions: ['routes:public', 'routes:root'],
  setup({ routes }) {
    const page = { title: 'Loved <music>', folder: 'plugins/loved/ui', styles: ['a.css'], modules: ['a.js'] }
    routes.get('/loved', (request) => webPage(request, page), { auth: 'public', root: true })
    for (const path of ['/page', '/a/b']) routes.get(path, (request) => webPage(request, page), { auth: 'public' })
    routes.get('/theme.css', webTheme, { auth: 'public' })
  },
})

test('a page of any plugin stands on the kit, wherever its address is', async () => {
  await using host = await createTestHost()
  await host.load(plugin)
  for (const [url, up] of [
    ['/loved', ''],
    ['/plugins/loved/page', '../../'],
    ['/plugins/loved/a/b', '../../../'],
  ] as const) {
    const { body, status, headers } = await host.inject(url)
    assert.equal(status, 200)
    assert.match(headers['content-security-policy'] ?? '', /^default-src 'none'; script-src 'self';/)
    assert.ok(body.includes('<title>Loved &#60;music&#62; – Tonearm</title>'), body)
    const links = [...body.matchAll(/(?:href|src)="([^"]+)"/g)].map((match) => match[1])
    assert.deepEqual(
      links,
      [
        'plugins/-/theme.css',
        'plugins/-/page.css',
        ...['a.css', 'icon.svg', 'a.js'].map((file) => `plugins/loved/ui/${file}`),
      ].map((path) => `${up}${path}`),
    )
  }
})

test('everybody gets the files of the kit, and nothing beside them', async () => {
  await using host = await createTestHost()
  await host.load(plugin)
  for (const [file, type] of [
    ['page.js', 'text/javascript; charset=utf-8'],
    ['page.css', 'text/css; charset=utf-8'],
    ['theme.css', 'text/css; charset=utf-8'],
  ] as const) {
    const { status, headers } = await host.inject(`/plugins/-/${file}`)
    assert.deepEqual([status, headers['content-type'], headers['cache-control']], [200, type, 'no-cache'])
  }
  for (const path of ['', '../web-page.ts', '%2e%2e/web-page.ts', 'nothing.css'])
    assert.equal((await host.inject(`/plugins/-/${path}`)).status, 404, path)
  const own = await host.inject('/plugins/loved/theme.css')
  assert.equal(own.body, (await host.inject('/plugins/-/theme.css')).body)
})
