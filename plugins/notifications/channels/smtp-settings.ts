import { domainToASCII } from 'node:url'
import type { ChannelConfig } from '../channel.ts'
import { addressOf, type MailAddress } from './mail-address.ts'

export interface SmtpSettings {
  readonly host: string
  readonly port: number
  /**
   * `from-start` for smtps://, `required` (STARTTLS) for smtp://. By the administrator's word: `off` sends in the clear,
   * `unverified` takes any certificate, for a server at home.
   */
  readonly tls: 'from-start' | 'required' | 'off'
  readonly verify: boolean
  readonly user: string
  readonly password: string
  readonly from: MailAddress
}

/** Settings as they are used; a text where they can't be, for whoever made them. */
export function smtpSettings(config: ChannelConfig): SmtpSettings | string {
  const { smtpUrl, smtpUser, smtpPassword, mailFrom } = config
  if (smtpUrl === '' || mailFrom === '')
    return 'This server sends no e-mail: an administrator sets smtpUrl and mailFrom of the plugin notifications'
  const url = URL.canParse(smtpUrl) ? new URL(smtpUrl) : undefined
  if (!url || !/^smtps?:$/.test(url.protocol))
    return 'smtpUrl is no address of a mail server: smtp://mail.example.org:587 or smtps://mail.example.org'
  if (url.username !== '' || url.password !== '')
    return 'smtpUrl has a name or password: smtpUser and smtpPassword are for them'
  const host = hostOf(url)
  if (host === '') return 'smtpUrl names no mail server'
  const tls = url.searchParams.get('tls')
  const unknown = [...url.searchParams.keys()].find((name) => name !== 'tls')
  if (unknown !== undefined || (tls !== null && tls !== 'off' && tls !== 'unverified'))
    return 'smtpUrl may end in ?tls=off (no encryption) or ?tls=unverified (any certificate), and in nothing else'
  const isSecure = url.protocol === 'smtps:'
  if (isSecure && tls === 'off') return 'smtpUrl says smtps and tls=off: one of both'
  if ((smtpUser === '') !== (smtpPassword === '')) return 'smtpUser and smtpPassword belong together'
  const from = addressOf(mailFrom)
  if (!from) return 'mailFrom is no sender: Tonearm <tonearm@example.org>'
  return {
    host,
    port: url.port === '' ? (isSecure ? 465 : 587) : Number(url.port),
    tls: isSecure ? 'from-start' : tls === 'off' ? 'off' : 'required',
    verify: tls !== 'unverified',
    user: smtpUser,
    password: smtpPassword,
    from,
  }
}

/** Hosts of schemes that URL does not know stay as they were typed. */
function hostOf({ hostname }: URL): string {
  if (hostname.startsWith('[')) return hostname.slice(1, -1)
  try {
    return domainToASCII(decodeURIComponent(hostname))
  } catch {
    return ''
  }
}
