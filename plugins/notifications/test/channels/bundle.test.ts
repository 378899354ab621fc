import assert from 'node:assert/strict'
import { createECDH, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createTestHost } from 'tonearm/plugin/testing'
import { MAIL_MODULES } from '../../channels/all-channels.ts'
import { type ReceivedMail, readMail, startMailServer } from './mail-server.ts'
import { DELIVERY, NO_CONFIG, startStandIn } from './support.ts'

process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'

const CHANNELS = fileURLToPath(new URL('../../channels/all-channels.ts', import.meta.url))

/** A plugin of nothing but the channels, bundled and evaluated as the server does. */
async function loadBundled(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'tonearm-channels-'))
  const permissions = ['routes', 'net:127.0.0.1', ...MAIL_MODULES]
  await writeFile(
    join(folder, 'plugin.ts'),
    `import { channelKinds } from ${JSON.stringify(CHANNELS)}
export default {
  name: 'channels',
  apiVersion: '1.0',
  permissions: ${JSON.stringify(permissions)},
  setup(ctx: any) {
    const kinds = channelKinds(ctx.connect)
    ctx.routes.post('/:kind', async (request: any) => {
      const { target, delivery, config, vapid } = await request.json()
      const kind: any = kinds.find((one) => one.kind === request.params.kind)
      const tools = { fetch: ctx.fetch, log: ctx.log, now: ctx.now, signal: request.signal, config, vapid }
      return kind.send(target, delivery, tools).then(
        () => ({ kind: 'empty', status: 204 }),
        (error: any) => ({ kind: 'text', status: 500, body: String(error.stack) + String(error.cause?.stack) }),
      )
    })
  },
}
`,
  )
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'channels', version: '1.0.0', type: 'module' }))
  const host = await createTestHost({ users: ['ann'] })
  t.after(async () => {
    await host.dispose()
    await rm(folder, { recursive: true })
  })
  await host.load(folder, {})
  const send = async (kind: string, body: object) => {
    const reply = await host.inject({ method: 'POST', url: `/plugins/channels/${kind}`, user: 'ann', body })
    assert.equal(reply.status, 204, reply.body)
  }
  return { host, send }
}

test('the libraries work in the one file that the server evaluates, and leave nothing behind', async (t) => {
  // Before: what is there before is nothing that the plugin left.
  const mailServer = await startMailServer(t, { wantsLogin: true })
  const service = await startStandIn(t, { tls: true })
  const { url } = await startStandIn(t)
  const { host, send } = await loadBundled(t)
  const key = createECDH('prime256v1')
  const vapid = { publicKey: key.generateKeys().toString('base64url'), privateKey: key.getPrivateKey('base64url') }
  const p256dh = createECDH('prime256v1').generateKeys().toString('base64url')
  const subscription = { endpoint: `${service.url}/p`, keys: { p256dh, auth: randomBytes(16).toString('base64url') } }
  const config = {
    ...NO_CONFIG,
    smtpUrl: `smtp://127.0.0.1:${mailServer.port}?tls=unverified`,
    smtpUser: 'ann',
    smtpPassword: 'sesame',
    mailFrom: 'tonearm@example.org',
  }
  await send('webpush', { target: subscription, delivery: DELIVERY, config, vapid })
  assert.match(service.received[0]?.headers.authorization ?? '', /^vapid t=/)
  await send('email', { target: { address: 'ann@example.org' }, delivery: DELIVERY, config })
  assert.equal(readMail(mailServer.mails[0] as ReceivedMail).header('subject'), DELIVERY.title)
  await send('webhook', { target: { url, secret: 'x'.repeat(32) }, delivery: DELIVERY, config })
  await host.assertNoLeaks('channels')
})
