import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { ChannelConfig, ChannelTools } from '../../channel.ts'
import { createEmail } from '../../channels/email.ts'
import { addressOf } from '../../channels/mail-address.ts'
import { smtpSettings } from '../../channels/smtp-settings.ts'
import {
  type MailServer,
  type MailServerOptions,
  type ReceivedMail,
  readMail,
  startMailServer,
  startPeer,
} from './mail-server.ts'
import { DELIVERY, eventually, failureOf, HOSTILE, isClean, NO_CONFIG, networkOf, toolsOf } from './support.ts'

const FROM = 'Tonearm <tonearm@example.org>'
const TARGET = { address: 'ann@example.org' }

async function stage(t: TestContext, options: MailServerOptions = {}) {
  const server = await startMailServer(t, options)
  const network = await networkOf(t, '127.0.0.1', 'localhost')
  const email = createEmail(network.connect)
  // The stand-in's certificate is of nobody.
  const url = `${options.secure ? 'smtps' : 'smtp'}://127.0.0.1:${server.port}?tls=unverified`
  const tools = (config: Partial<ChannelConfig> = {}, rest: Partial<ChannelTools> = {}) =>
    toolsOf(network, { config: { ...NO_CONFIG, smtpUrl: url, mailFrom: FROM, ...config }, ...rest })
  return { server, network, email, tools }
}

function only({ mails }: MailServer): ReceivedMail {
  assert.equal(mails.length, 1)
  return mails[0] as ReceivedMail
}

describe('e-mail', () => {
  test('arrives whole, over an encrypted connection', async (t) => {
    const { server, email, tools } = await stage(t)
    await email.send(TARGET, DELIVERY, tools())
    const mail = only(server)
    assert.equal(mail.isSecure, true)
    assert.deepEqual([mail.from, mail.to], ['tonearm@example.org', ['ann@example.org']])
    const { header, text, html } = readMail(mail)
    assert.equal(header('subject'), DELIVERY.title)
    assert.equal(header('from'), FROM)
    assert.equal(header('to'), 'ann@example.org')
    assert.equal(header('message-id'), '<d-42_a@example.org>')
    assert.equal(Date.parse(header('date')), DELIVERY.at)
    assert.equal(header('auto-submitted'), 'auto-generated')
    assert.equal(text, `${DELIVERY.body}\n\n${DELIVERY.url}\n`)
    assert.ok(html.includes('Blue<br>by Joni Mitchell'))
    assert.ok(html.includes(`<a href="${DELIVERY.url}">`))
    await eventually(async () => server.connections() === 1, 'one connection')
  })

  test('arrives over TLS from the first byte, with a login', async (t) => {
    const { server, email, tools } = await stage(t, { secure: true, wantsLogin: true })
    await email.send(TARGET, DELIVERY, tools({ smtpUser: 'ann', smtpPassword: 'sesame' }))
    assert.deepEqual([only(server).isSecure, only(server).user], [true, 'ann'])
  })

  test('is the same message for each try', async (t) => {
    const { server, email, tools } = await stage(t)
    await email.send(TARGET, DELIVERY, tools())
    await email.send(TARGET, DELIVERY, tools())
    await email.send(TARGET, { ...DELIVERY, id: 'other' }, tools())
    const ids = server.mails.map((mail) => readMail(mail).header('message-id'))
    assert.equal(ids[0], ids[1])
    assert.equal(new Set(ids).size, 2)
    assert.equal(
      readMail(server.mails[0] as ReceivedMail).header('date'),
      readMail(server.mails[1] as ReceivedMail).header('date'),
    )
  })

  test('carries every script and no header of somebody else', async (t) => {
    const { server, email, tools } = await stage(t)
    for (const title of HOSTILE) {
      await email.send(
        TARGET,
        { ...DELIVERY, title, body: title, level: 'error', id: `a\r\nBcc: b${title}`.slice(0, 40) },
        tools(),
      )
      const mail = server.mails.at(-1) as ReceivedMail
      // Nothing longer than mail servers take, no bare line ends, no raw control characters, 7 bits.
      assert.ok(mail.raw.split('\r\n').every((line) => line.length <= 998))
      assert.match(mail.raw, /^[\x20-\x7e\t\r\n]*$/)
      assert.doesNotMatch(mail.raw, /\r(?!\n)|(?<!\r)\n/)
      const { headers, header, text, html } = readMail(mail)
      const names = headers.map(([name]) => name)
      assert.equal(new Set(names).size, names.length, `twice: ${names}`)
      assert.ok(!names.includes('bcc') && !names.includes('x'))
      assert.match(header('message-id'), /^<[A-Za-z0-9._-]+@example\.org>$/)
      assert.equal(header('importance'), 'high')
      assert.ok(isClean(header('subject')) && isClean(text) && isClean(html))
      assert.ok(Buffer.byteLength(header('subject')) <= 250)
      assert.deepEqual(mail.to, ['ann@example.org'])
      assert.doesNotMatch(html, /<b>bold/)
    }
    await email.send(TARGET, { ...DELIVERY, title: HOSTILE[2], body: HOSTILE[3] }, tools())
    const { header, text } = readMail(server.mails.at(-1) as ReceivedMail)
    assert.equal(header('subject'), HOSTILE[2])
    assert.ok(text.startsWith(HOSTILE[3]))
    // A title that is cut off stands in the text as a whole.
    const long = 'Ein langer Titel '.repeat(50).trim()
    await email.send(TARGET, { ...DELIVERY, title: long }, tools())
    assert.ok(readMail(server.mails.at(-1) as ReceivedMail).text.startsWith(`${long}\n\n${DELIVERY.body}`))
  })

  test('reaches addresses of other scripts', async (t) => {
    const { server, email, tools } = await stage(t)
    await email.send({ address: 'ann@bücher.example' }, DELIVERY, tools({ mailFrom: 'Büro <büro@bücher.example>' }))
    const mail = only(server)
    // The stand-in shows the letters again that were sent as ASCII.
    assert.equal(mail.to[0], 'ann@bücher.example')
    assert.match(mail.raw, /^To: ann@xn--bcher-kva\.example\r$/m)
    assert.match(readMail(mail).header('message-id'), /@xn--bcher-kva\.example>$/)
  })

  test('is tried again when the mail server says so, and given up when it says that', async (t) => {
    let answer: readonly [step: string, code: number, text: string] = ['', 0, '']
    const { server, email, tools } = await stage(t, {
      refuse: (step) => (answer[0] === step ? [answer[1], answer[2]] : undefined),
    })
    const table: readonly (readonly [step: string, code: number, text: string, retry: boolean, says: RegExp])[] = [
      ['to', 451, '4.7.1 Greylisted, try again later', true, /try later: 451 4\.7\.1 Greylisted/],
      ['to', 550, '5.1.1 No such user here', false, /does not take mail for this address: 550 5\.1\.1/],
      ['to', 452, '4.2.2 Mailbox full', true, /try later/],
      ['from', 550, '5.7.1 Sender refused', false, /refuses the message: 550/],
      ['from', 421, '4.3.2 Shutting down', true, /try later|broke off/],
      ['data', 554, '5.7.1 Looks like spam', false, /refuses the message: 554/],
      ['data', 452, '4.3.1 Out of space', true, /try later/],
      ['from', 530, '5.7.0 Authentication required', true, /account of this server/],
    ]
    for (const [step, code, text, retry, says] of table) {
      answer = [step, code, text]
      const failure = await failureOf(email.send(TARGET, DELIVERY, tools()))
      assert.equal(failure.retry, retry, failure.message)
      assert.match(failure.message, says)
      assert.equal(failure.gone, false)
    }
    answer = ['', 0, '']
    await email.send(TARGET, DELIVERY, tools())
    only(server)
  })

  test('waits for the administrator when the account is not accepted', async (t) => {
    const { server, email, tools } = await stage(t, { wantsLogin: true })
    const failure = await failureOf(email.send(TARGET, DELIVERY, tools({ smtpUser: 'ann', smtpPassword: 'guess-me' })))
    assert.equal(failure.retry, true)
    assert.ok((failure.retryAfterMs ?? 0) >= 60_000)
    assert.match(failure.message, /account of this server: 535/)
    assert.doesNotMatch(failure.message, /guess-me/)
    const anonymous = await failureOf(email.send(TARGET, DELIVERY, tools()))
    assert.match(anonymous.message, /account of this server: 530/)
    assert.equal(server.mails.length, 0)
  })

  test('is never sent in the clear, unless the administrator says so', async (t) => {
    const { server, email, tools } = await stage(t, { offersTls: false })
    const account = { smtpUser: 'ann', smtpPassword: 'sesame' }
    const failure = await failureOf(email.send(TARGET, DELIVERY, tools(account)))
    assert.equal(failure.retry, true)
    assert.match(failure.message, /no encryption/)
    assert.equal(server.mails.length, 0)
    await email.send(TARGET, DELIVERY, tools({ ...account, smtpUrl: `smtp://127.0.0.1:${server.port}?tls=off` }))
    assert.equal(only(server).isSecure, false)
  })

  test('goes to nobody whose certificate is not valid', async (t) => {
    for (const secure of [false, true]) {
      const { server, email, tools } = await stage(t, { secure })
      const smtpUrl = `${secure ? 'smtps' : 'smtp'}://localhost:${server.port}`
      const failure = await failureOf(email.send(TARGET, DELIVERY, tools({ smtpUrl })))
      assert.equal(failure.retry, true)
      assert.match(failure.message, /certificate is not valid/)
      assert.equal(server.mails.length, 0)
    }
  })

  test('reaches no private address without a grant', async (t) => {
    const { server } = await stage(t)
    const { connect, ...network } = await networkOf(t, '*')
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0']) {
      const config = { ...NO_CONFIG, mailFrom: FROM, smtpUrl: `smtp://${host}:${server.port}?tls=unverified` }
      const failure = await failureOf(
        createEmail(connect).send(TARGET, DELIVERY, toolsOf({ connect, ...network }, { config })),
      )
      assert.deepEqual([failure.retry, failure.retryAfterMs], [true, 600_000], host)
      assert.match(failure.message, /private address/, host)
    }
    assert.equal(server.connections(), 0)
  })

  test('gives up peers that are silent, endless, or speak something else', async (t) => {
    const { email, tools } = await stage(t)
    const deadline = new AbortController()
    const attempt = (port: number, signal = AbortSignal.timeout(30_000), scheme = 'smtp') =>
      failureOf(
        email.send(TARGET, DELIVERY, tools({ smtpUrl: `${scheme}://127.0.0.1:${port}?tls=unverified` }, { signal })),
      )

    let isAsked = false
    const silent = await startPeer(t, () => {
      isAsked = true
    })
    const waiting = attempt(silent.port, deadline.signal)
    await eventually(() => isAsked, 'it was asked')
    deadline.abort()
    const late = await waiting
    assert.deepEqual([late.retry, /in time/.test(late.message)], [true, true], late.message)
    await eventually(() => silent.open() === 0, 'the connection is let go')
    assert.equal((await attempt(silent.port, AbortSignal.abort())).retry, true)

    const endless = await startPeer(t, (socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write(`220-${'x'.repeat(10_000)}\r\n`));
        socket.once('drain', more)
      }
      more()
    })
    assert.equal((await attempt(endless.port)).retry, true)
    await eventually(() => endless.open() === 0, 'the connection is let go')

    const web = await startPeer(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    assert.equal((await attempt(web.port)).retry, true)
    const closes = await startPeer(t, (socket) => socket.destroy())
    assert.equal((await attempt(closes.port)).retry, true)
    // No TLS where TLS was expected.
    const plain = await startMailServer(t)
    assert.equal((await attempt(plain.port, undefined, 'smtps')).retry, true)
    // Takes the message and is never heard of again: it may come twice, but is not lost.
    const forgets = await startPeer(t, (socket) => {
      const say = ['250 hello\r\n', '250 ok\r\n', '250 ok\r\n', '354 go\r\n']
      socket.write('220 hello\r\n')
      socket.on('data', (data) => {
        if (/\r\n\.\r\n$/.test(data.toString())) return socket.destroy()
        const answer = say.shift()
        if (answer) socket.write(answer)
      })
    })
    const lost = await failureOf(
      email.send(TARGET, DELIVERY, tools({ smtpUrl: `smtp://127.0.0.1:${forgets.port}?tls=off` })),
    )
    assert.equal(lost.retry, true)
  })

  test('tells an administrator what is wrong with the settings', () => {
    const good: ChannelConfig = { ...NO_CONFIG, smtpUrl: 'smtp://mail.example.org', mailFrom: FROM }
    const settings = (rest: Partial<ChannelConfig>) => smtpSettings({ ...good, ...rest })
    assert.deepEqual(settings({}), {
      host: 'mail.example.org',
      port: 587,
      tls: 'required',
      verify: true,
      user: '',
      password: '',
      from: { name: 'Tonearm', address: 'tonearm@example.org', domain: 'example.org' },
    })
    const parts = (smtpUrl: string) => {
      const found = settings({ smtpUrl })
      assert.ok(typeof found !== 'string', `${smtpUrl}: ${found}`)
      return [found.host, found.port, found.tls, found.verify]
    }
    assert.deepEqual(parts('smtps://Mail.Example.org'), ['mail.example.org', 465, 'from-start', true])
    assert.deepEqual(parts('smtp://nas:25?tls=off'), ['nas', 25, 'off', true])
    assert.deepEqual(parts('smtps://[fd00::1]:2465?tls=unverified'), ['fd00::1', 2465, 'from-start', false])
    assert.deepEqual(parts('smtp://bücher.example'), ['xn--bcher-kva.example', 587, 'required', true])
    for (const smtpUrl of ['mail.example.org', 'http://mail.example.org', 'smtp://', 'smtp://u:p@mail.example.org'])
      assert.match(String(settings({ smtpUrl })), /smtpUrl/, smtpUrl)
    for (const query of ['?tls=no', '?requireTLS=false', '?tls=off&x=1'])
      assert.match(String(settings({ smtpUrl: `smtp://a.example${query}` })), /tls=off/, query)
    assert.match(String(settings({ smtpUrl: 'smtps://a.example?tls=off' })), /one of both/)
    assert.match(String(settings({ smtpUser: 'ann' })), /belong together/)
    assert.match(String(settings({ mailFrom: 'Tonearm' })), /mailFrom/)
    const email = createEmail(() => Promise.reject(new Error('nobody connects')))
    assert.match(email.problem(TARGET, NO_CONFIG) ?? '', /administrator/)
    assert.equal(email.problem(TARGET, good), undefined)
    assert.match(email.problem({ address: 'Ann <ann@example.org>' }, good) ?? '', /no e-mail address/)
  })

  test('knows one address from what only looks like one', () => {
    const good = ['a@b', 'ann+music@example.org', "o'neil@example.co.uk", 'ann@bücher.example', 'дом@пример.рф']
    for (const address of good) assert.equal(addressOf(address)?.address, address)
    assert.equal(addressOf('"Ann, the first" <ann@example.org>')?.name, 'Ann, the first')
    assert.equal(addressOf('<ann@example.org>')?.name, '')
    const bad = [
      '',
      'ann',
      '@example.org',
      'ann@',
      'ann@example.org, eve@example.org',
      'ann@example.org;eve@example.org',
      'ann@example.org\r\nRCPT TO:<eve@example.org>',
      'ann@example.org> SIZE=1',
      'a <ann@example.org> <eve@example.org>',
      '"ann"@example.org',
      'ann@@example.org',
      'ann@exa mple.org',
      'ann@[127.0.0.1]',
      'ann@127.0.0.1',
      'ann@-example.org',
      'ann@example..org',
      '.ann@example.org',
      'group: ann@example.org;',
      `${'a'.repeat(65)}@example.org`,
      `ann@${'a'.repeat(64)}.org`,
    ]
    for (const address of bad) assert.equal(addressOf(address), undefined, JSON.stringify(address))
  })
})
