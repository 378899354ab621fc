import type MailComposer from 'nodemailer/lib/mail-composer'
import type { Delivery } from '../channel.ts'
import type { MailAddress } from './mail-address.ts'
import { clip, lineOf, linesOf } from './text.ts'

export interface Mail {
  readonly envelope: { readonly from: string; readonly to: readonly string[] }
  readonly bytes: Buffer
}

/** Longer ones are cut off by mail programs anyway; the whole title stands in the text then. */
const MAX_SUBJECT = 250
const MAX_TITLE = 8 * 1024
const MAX_BODY = 64 * 1024

/**
 * A delivery as RFC 5322 has it: plain text, and the same in plain HTML. Its Message-ID and Date are the same for each try,
 * so that a mail program shows one message where a mail server was told twice.
 */
export async function composeMail(
  Composer: typeof MailComposer,
  { delivery, from, to }: { readonly delivery: Delivery; readonly from: MailAddress; readonly to: MailAddress },
): Promise<Mail> {
  const title = clip(lineOf(delivery.title), MAX_TITLE)
  const subject = clip(title, MAX_SUBJECT)
  const body = clip(linesOf(delivery.body), MAX_BODY)
  const parts = [subject === title && body !== '' ? '' : title, body, delivery.url ?? ''].filter(Boolean)
  const composer = new Composer({
    from: { name: lineOf(from.name), address: from.address },
    to: { name: '', address: to.address },
    subject,
    text: `${parts.join('\n\n')}\n`,
    html: htmlOf({ title, body, url: delivery.url }),
    date: new Date(delivery.at),
    messageId: messageIdOf(delivery.id, from.domain),
    headers: {
      // RFC 3834: nobody's holiday note answers this.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      ...(delivery.level === 'error' ? { Importance: 'high' } : {}),
    },
    xMailer: false,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const message = composer.compile()
  const { from: sender, to: recipients } = message.getEnvelope()
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    message.build((error, built) => (error ? reject(error) : resolve(built as Buffer)))
  })
  return { envelope: { from: String(sender || ''), to: recipients }, bytes }
}

/** `<id@domain>`: letters, digits and what stands for the rest. */
export function messageIdOf(id: string, domain: string): string {
  return `<${id.replace(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+|\.+$|\.(?=\.)/g, '_')}@${domain}>`
}

function htmlOf({
  title,
  body,
  url,
}: {
  readonly title: string
  readonly body: string
  readonly url: string | undefined
}) {
  // By its own letters: a title in Hebrew above a text in English.
  const paragraphs = body.split(/\n{2,}/).filter(Boolean)
  return [
    '<!doctype html><html><head><meta charset="utf-8"></head>',
    '<body style="font:16px/1.5 sans-serif;max-width:40em">',
    `<h1 dir="auto" style="font-size:1.2em">${escaped(title)}</h1>`,
    ...paragraphs.map((text) => `<p dir="auto">${escaped(text).replaceAll('\n', '<br>')}</p>`),
    url === undefined ? '' : `<p><a href="${escaped(url)}">${escaped(url)}</a></p>`,
    '</body></html>\n',
  ]
    .filter(Boolean)
    .join('\n')
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
