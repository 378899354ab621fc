import { domainToASCII } from 'node:url'

export interface MailAddress {
  /** '' or what people read. */
  readonly name: string
  /** `local@domain`, as it was typed. */
  readonly address: string
  /** As mail servers write it: `xn--...` for other scripts. */
  readonly domain: string
}

const MAX_LOCAL_BYTES = 64
const WITH_NAME = /^(?:"([^"\\<>]*)"|([^"<>,;]*?))\s*<([^<>\s]+)>$/u
/** No quoted names, comments, groups, lists or routes: nobody has such an address, and each is a way to say two things. */
const BARE = /^([^\s"(),:;<>@[\\\]\p{Cc}]+)@([^\s"(),:;<>@[\\\]\p{Cc}]+)$/u

/** One address: `ann@example.org` or `Ann <ann@example.org>`. Undefined for anything else. */
export function addressOf(text: string): MailAddress | undefined {
  const trimmed = text.trim()
  if (trimmed.length > 320 || /\p{Cc}/u.test(trimmed)) return undefined
  const named = WITH_NAME.exec(trimmed)
  const parts = BARE.exec(named?.[3] ?? trimmed)
  const [, local = '', domain = ''] = parts ?? []
  const ascii = domainToASCII(domain)
  if (!isLocal(local) || !isDomain(ascii)) return undefined
  return { name: (named?.[1] ?? named?.[2] ?? '').trim(), address: `${local}@${domain}`, domain: ascii }
}

function isLocal(local: string): boolean {
  return local !== '' && Buffer.byteLength(local) <= MAX_LOCAL_BYTES && !/^\.|\.\.|\.$/.test(local)
}

function isDomain(ascii: string): boolean {
  return (
    ascii.length <= 253 &&
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(ascii) &&
    // An address of a machine is no domain.
    !/^[\d.]+$/.test(ascii)
  )
}
