import type { KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { AppError, systemErrorCode } from '../base/errors.ts'
import type { Logger } from '../log/logger.ts'

export interface TlsFiles {
  readonly cert: Buffer
  readonly key: Buffer
}

const SOON_MS = 14 * 24 * 60 * 60_000

/**
 * Reads and tries certificate and key. Rejects with CONFIG_INVALID and a sentence that names the cause: neither adapter
 * explains a bad pair. One that is out of date is used all the same, with a warning: some clients still take it.
 */
export async function readTlsFiles(
  files: { readonly cert: string; readonly key: string },
  log: Pick<Logger, 'warn'>,
  now = Date.now(),
): Promise<TlsFiles> {
  const [cert, key] = await Promise.all([
    readTlsFile(files.cert, 'certificate', 'server.tls.cert'),
    readTlsFile(files.key, 'key', 'server.tls.key'),
  ])
  // Loaded only where they are needed: Node's TLS modules take memory.
  const [crypto, { createSecureContext }] = await Promise.all([import('node:crypto'), import('node:tls')])
  const certificate = parseCertificate(() => new crypto.X509Certificate(cert), files.cert, cert)
  const privateKey = parseKey(() => crypto.createPrivateKey(key), files.key, key)
  if (!certificate.checkPrivateKey(privateKey)) {
    invalid(
      `The TLS certificate ${files.cert} and the key ${files.key} do not belong together: name the key that this certificate was made for (a certificate chain must begin with the server's own certificate)`,
    )
  }
  try {
    createSecureContext({ cert, key })
  } catch (cause) {
    invalid(`The TLS certificate ${files.cert} and its key can not be used: ${reasonOf(cause)}`, cause)
  }
  tellDates(certificate, log, now)
  return { cert, key }
}

async function readTlsFile(path: string, what: string, setting: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    const code = systemErrorCode(cause)
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES' || code === 'EPERM'
          ? 'the user that runs Tonearm may not read it (chown or chmod it)'
          : code === 'EISDIR'
            ? 'it is a folder'
            : code
    return invalid(`The TLS ${what} can not be read: ${path}: ${why} (${setting})`, cause)
  }
}

function parseCertificate(parse: () => X509Certificate, path: string, bytes: Buffer): X509Certificate {
  try {
    if (bytes.includes('-----BEGIN CERTIFICATE-----')) return parse()
  } catch (cause) {
    return invalid(`The TLS certificate ${path} is damaged: ${reasonOf(cause)}`, cause)
  }
  const swapped = bytes.includes('PRIVATE KEY-----') ? ': it holds a key; are server.tls.cert and .key swapped?' : ''
  return invalid(`The TLS certificate ${path} is no certificate in PEM (-----BEGIN CERTIFICATE-----)${swapped}`)
}

function parseKey(parse: () => KeyObject, path: string, bytes: Buffer): KeyObject {
  if (bytes.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----') || bytes.includes('Proc-Type: 4,ENCRYPTED')) {
    invalid(
      `The TLS key ${path} is locked with a passphrase, which nobody can type here: write it without one (openssl pkey -in OLD -out NEW) and let only Tonearm's user read it`,
    )
  }
  try {
    if (bytes.includes('PRIVATE KEY-----')) return parse()
  } catch (cause) {
    return invalid(`The TLS key ${path} is damaged: ${reasonOf(cause)}`, cause)
  }
  const swapped = bytes.includes('BEGIN CERTIFICATE-----') ? ': it holds a certificate' : ''
  return invalid(`The TLS key ${path} is no private key in PEM (-----BEGIN PRIVATE KEY-----)${swapped}`)
}

function tellDates({ validFrom, validTo }: X509Certificate, log: Pick<Logger, 'warn'>, now: number): void {
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)]
  if (now > to) log.warn('the TLS certificate has expired: clients will refuse it. Renew it', { validTo })
  else if (now < from) log.warn("the TLS certificate is not valid yet, or this machine's clock is wrong", { validFrom })
  else if (to - now < SOON_MS) log.warn('the TLS certificate expires soon. Renew it', { validTo })
}

/** OpenSSL's text without its numbers. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split(':').at(-1)?.trim() || text
}

function invalid(message: string, cause?: unknown): never {
  throw new AppError('CONFIG_INVALID', message, cause === undefined ? {} : { cause })
}
