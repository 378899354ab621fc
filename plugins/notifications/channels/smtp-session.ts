import type { Socket } from 'node:net'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { Mail } from './mail-message.ts'
import type { SmtpSettings } from './smtp-settings.ts'

export interface Session {
  readonly Connection: typeof SMTPConnection
  /** A connection that the host has let through. */
  readonly socket: Socket
  readonly settings: SmtpSettings
  readonly signal: AbortSignal
}

/** Of one step; the whole attempt has the deadline of its signal. */
const STEP_MS = 20_000
/** Greylisting and virus scanners take their time with a message. */
const SILENCE_MS = 60_000
const CLOSE_MS = 1_000
const MAX_REPLY = 64 * 1024

/**
 * One message over one connection: greeting, TLS, login, envelope, message. Resolves when the mail server has taken it,
 * rejects with nodemailer's error (`code`, `command`, `responseCode`). The socket is closed either way.
 */
export function sendMail({ Connection, socket, settings, signal }: Session, mail: Mail): Promise<void> {
  const { host, port, tls, verify, user, password } = settings
  const connection = new Connection({
    host,
    port,
    connection: socket,
    secure: tls === 'from-start',
    ...(tls === 'off' ? { ignoreTLS: true } : { requireTLS: true }),
    tls: { rejectUnauthorized: verify, minVersion: 'TLSv1.2' },
    connectionTimeout: 2 * STEP_MS,
    greetingTimeout: STEP_MS,
    socketTimeout: SILENCE_MS,
    socketCloseTimeout: CLOSE_MS,
    maxResponseSize: MAX_REPLY,
  })
  return new Promise<void>((resolve, reject) => {
    const onAbort = () => end(Object.assign(new Error('called off'), { code: 'ETIMEDOUT' }))
    let hasEnded = false
    const end = (error?: unknown) => {
      if (hasEnded) return
      hasEnded = true
      signal.removeEventListener('abort', onAbort)
      if (error) {
        reject(error)
        connection.close()
        // Whoever has not answered so far will not say goodbye either.
        socket.destroy()
        return
      }
      resolve()
      connection.quit()
      connection.close()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    // Stays: what comes after the end is nobody's business, and no reason to end the server.
    connection.on('error', end)
    connection.once('end', () => end(Object.assign(new Error('the connection was closed'), { code: 'ECONNECTION' })))

    const send = () =>
      connection.send({ from: mail.envelope.from, to: [...mail.envelope.to] }, mail.bytes, (error) => end(error))
    connection.connect((error) => {
      if (error) return end(error)
      if (user === '') return send()
      connection.login({ user, pass: password }, (refused) => (refused ? end(refused) : send()))
    })
    if (signal.aborted) onAbort()
  })
}
