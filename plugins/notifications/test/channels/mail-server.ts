import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { SMTPServer } from 'smtp-server'
import { tlsFiles } from './support.ts'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  readonly isSecure: boolean
  readonly user: string | undefined
  readonly raw: string
}

export interface MailServer {
  readonly port: number
  readonly mails: ReceivedMail[]
  /** Connections so far. */
  connections(): number
}

export interface MailServerOptions {
  /** TLS from the first byte. */
  readonly secure?: boolean
  readonly offersTls?: boolean
  /** Refuses senders and recipients until somebody has logged in as `ann` with `sesame`. */
  readonly wantsLogin?: boolean
  /** What is answered, by the step; undefined: taken. */
  refuse?(step: 'from' | 'to' | 'data' | 'auth', count: number): readonly [code: number, text: string] | undefined
}

/** A real SMTP server on this machine. */
export async function startMailServer(t: TestContext, options: MailServerOptions = {}): Promise<MailServer> {
  const { secure = false, offersTls = true, wantsLogin = false, refuse = () => undefined } = options
  const mails: ReceivedMail[] = []
  const counts = { from: 0, to: 0, data: 0, auth: 0 }
  let connections = 0
  const refusal = (step: keyof typeof counts) => {
    const found = refuse(step, ++counts[step])
    return found && Object.assign(new Error(found[1]), { responseCode: found[0] })
  }
  const server = new SMTPServer({
    ...tlsFiles,
    secure,
    authOptional: !wantsLogin,
    hideSTARTTLS: !offersTls,
    ...(offersTls ? {} : { disabledCommands: ['STARTTLS'], allowInsecureAuth: true }),
    logger: false,
    closeTimeout: 100,
    onConnect(_session, done) {
      connections++
      done()
    },
    onAuth({ username, password }, _session, done) {
      const refused = refusal('auth')
      if (refused) return done(refused)
      if (username === 'ann' && password === 'sesame') return done(null, { user: username })
      done(Object.assign(new Error('5.7.8 Authentication credentials invalid'), { responseCode: 535 }))
    },
    onMailFrom: (_address, _session, done) => done(refusal('from') ?? null),
    onRcptTo: (_address, _session, done) => done(refusal('to') ?? null),
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const refused = refusal('data')
        if (refused) return done(refused)
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          from: mailFrom === false || mailFrom === null ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          isSecure: session.secure,
          user: session.user as string | undefined,
          raw: Buffer.concat(chunks).toString('latin1'),
        })
        done(null, 'queued')
      })
    },
  })
  // Clients that break off are what is tested.
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return { port: (server.server.address() as AddressInfo).port, mails, connections: () => connections }
}

/** Something that listens and behaves as `talk` says. */
export async function startPeer(
  t: TestContext,
  talk: (socket: Socket) => void,
): Promise<{ port: number; open(): number }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    talk(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, open: () => sockets.size }
}

export interface ReadMail {
  /** By name in small letters, in order; unfolded and decoded. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  header(name: string): string
  readonly text: string
  readonly html: string
}

/** What a mail program reads. */
export function readMail({ raw }: ReceivedMail): ReadMail {
  const { headers, body } = split(raw)
  const header = (name: string) => valuesOf(headers, name)[0] ?? ''
  const boundary = /^multipart\/alternative;.*boundary="?([^";]+)"?/.exec(header('content-type'))?.[1]
  assert.ok(boundary, header('content-type'))
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => split(part.replace(/^\r\n/, '')))
  const content = (type: string) => {
    const part = parts.find((one) => valuesOf(one.headers, 'content-type')[0]?.startsWith(type))
    assert.ok(part, `no ${type}`)
    assert.match(valuesOf(part.headers, 'content-type')[0] ?? '', /charset=utf-8/)
    return decodeBody(part.body, valuesOf(part.headers, 'content-transfer-encoding')[0] ?? '7bit')
  }
  return { headers, header, text: content('text/plain'), html: content('text/html') }
}

function split(raw: string) {
  const end = raw.indexOf('\r\n\r\n')
  const headers = raw
    .slice(0, end)
    .replace(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
    .map((line): readonly [string, string] => {
      const colon = line.indexOf(':')
      assert.match(line.slice(0, colon), /^[A-Za-z0-9-]+$/, `a header: ${JSON.stringify(line)}`)
      return [line.slice(0, colon).toLowerCase(), decodeWords(line.slice(colon + 1).trim())]
    })
  return { headers, body: raw.slice(end + 4) }
}

function valuesOf(headers: readonly (readonly [string, string])[], name: string): readonly string[] {
  return headers.filter(([key]) => key === name).map(([, value]) => value)
}

/** RFC 2047. */
function decodeWords(value: string): string {
  return value
    .replace(/(=\?[^?]+\?[bq]\?[^?]*\?=)\s+(?==\?)/gi, '$1')
    .replace(/(?:=\?utf-8\?[bq]\?[^?]*\?=)+/gi, (words) =>
      Buffer.concat(
        [...words.matchAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi)].map(([, kind = '', text = '']) =>
          kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : quoted(text.replaceAll('_', ' ')),
        ),
      ).toString(),
    )
}

function decodeBody(body: string, encoding: string): string {
  const text = body.replace(/\r\n$/, '')
  if (encoding === 'base64') return Buffer.from(text, 'base64').toString()
  const bytes = encoding === 'quoted-printable' ? quoted(text.replace(/=\r\n/g, '')) : Buffer.from(text, 'latin1')
  return bytes.toString().replaceAll('\r\n', '\n')
}

function quoted(text: string): Buffer {
  return Buffer.from(
    text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
}
