import type { MediaSettings } from './media-settings.ts'

/** The format that a client names; undefined for none and for `raw`. */
export function askedFormat(format: string | undefined): string | undefined {
  const name = format?.trim().toLowerCase()
  return name === '' || name === 'raw' ? undefined : name
}

/**
 * Says so when something else comes than was asked for: nothing converts here, lossy music would become lossless, or
 * nobody knows the format.
 */
export function substituteHeader(
  asked: string | undefined,
  sent: string,
  profiles: MediaSettings['profiles'],
): Readonly<Record<string, string>> {
  const same = asked === sent || profiles.some(({ name, equals }) => name === asked && equals.includes(sent))
  return asked === undefined || same ? {} : { 'x-format-instead': sent.replace(/[^\w.-]/g, '') }
}
