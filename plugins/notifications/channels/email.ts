import type { Socket } from 'node:net'
import { Type } from 'tonearm/plugin'
import { ChannelError, type ChannelKind } from '../channel.ts'
import { addressOf } from './mail-address.ts'
import { composeMail } from './mail-message.ts'
import { reasonOf, unreachable } from './peer.ts'
import { sendMail } from './smtp-session.ts'
import { type SmtpSettings, smtpSettings } from './smtp-settings.ts'
import { clip, lineOf } from './text.ts'

export interface EmailTarget {
  readonly address: string
}

/** The guarded connection of the host: SMTP is no HTTP. */
export type Connect = (target: {
  readonly host: string
  readonly port: number
  readonly signal: AbortSignal
}) => Promise<Socket>

/**
 * What is wrong with the mail server or its settings is nobody's fault who is to be told something: it waits until somebody
 * looks. Often enough for whoever repairs it, seldom enough for a server that counts wrong passwords.
 */
const SETTINGS_WAIT_MS = 10 * 60_000

/** E-mail by the administrator's mail server. Private addresses of it need a grant, such as `net:nas.local`. */
export function createEmail(connect: Connect): ChannelKind<EmailTarget> {
  return {
    kind: 'email',
    target: Type.Object(
      { address: Type.String({ title: 'E-mail address', minLength: 3, maxLength: 254 }) },
      { additionalProperties: false },
    ),
    hosts: () => [],
    problem({ address }, config) {
      if (!isBare(address)) return 'This is no e-mail address'
      const settings = smtpSettings(config)
      return typeof settings === 'string' ? settings : undefined
    },
    label: ({ address }) => address,

    async send({ address }, delivery, { config, signal }) {
      const settings = smtpSettings(config)
      if (typeof settings === 'string') throw new ChannelError(settings, { retry: false })
      const to = addressOf(address)
      if (!to || !isBare(address)) throw new ChannelError('This is no e-mail address', { retry: false })
      const { Composer, Connection } = await loadMailer()
      const mail = await composeMail(Composer, { delivery, from: settings.from, to })
      const { host, port } = settings
      const socket = await connect({ host, port, signal }).catch((error: unknown) => {
        const failure = unreachable(error, `${host}:${port}`)
        // The grant for a mail server at home is missing: an administrator's matter, too.
        throw failure.retry ? failure : settingsFailure(failure.message, error)
      })
      await sendMail({ Connection, socket, settings, signal }, mail).catch((error: unknown) => {
        throw smtpFailure(error, settings)
      })
    },
  }
}

function isBare(address: string): boolean {
  return addressOf(address)?.address === address
}

/** With the first mail: a megabyte that most servers never need. */
async function loadMailer() {
  const [{ default: Composer }, { default: Connection }] = await Promise.all([
    import('nodemailer/lib/mail-composer'),
    import('nodemailer/lib/smtp-connection'),
  ])
  return { Composer, Connection }
}

interface SmtpError {
  readonly code?: string
  readonly originalCode?: string
  readonly command?: string
  readonly response?: string
  readonly responseCode?: number
}

/** RFC 5321: what begins with 4 may work later, what begins with 5 never will. */
function smtpFailure(error: unknown, { host, verify }: SmtpSettings): ChannelError {
  const { code = '', originalCode = '', command = '', response = '', responseCode = 0 } = error as SmtpError
  const told = (text: string, retry: boolean) => new ChannelError(text, { retry }, { cause: error })
  const said = response === '' ? '' : `: ${clip(lineOf(response), 200)}`
  if (code === 'EAUTH' || command.startsWith('AUTH') || responseCode === 530)
    return settingsFailure(`${host} does not accept the account of this server${said}`, error)
  if (code === 'ETLS' || command === 'STARTTLS') {
    const why = originalCode === '' ? said : reasonOf(originalCode)
    return settingsFailure(`${host} offers no encryption that can be trusted${why}`, error)
  }
  const reason = verify ? reasonOf(originalCode) : ''
  if (reason !== '') return settingsFailure(`${host} can't be used${reason}`, error)
  if (code === 'ETIMEDOUT') return told(`${host} did not answer in time`, true)
  if (responseCode >= 500 && command !== 'CONN' && command !== 'EHLO') {
    const what = command === 'RCPT TO' ? 'does not take mail for this address' : 'refuses the message'
    return told(`${host} ${what}${said}`, false)
  }
  if (responseCode >= 400) return told(`${host} asks to try later${said}`, true)
  return told(`${host} broke off the connection`, true)
}

function settingsFailure(text: string, cause: unknown): ChannelError {
  return new ChannelError(text, { retry: true, retryAfterMs: SETTINGS_WAIT_MS }, { cause })
}
