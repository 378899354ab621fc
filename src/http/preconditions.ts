import type { Headers } from './types.ts'

export interface Validators {
  /** Quoted, with `W/` when weak. */
  readonly etag: string | undefined
  readonly lastModified: Date | undefined
}

/** What a GET or HEAD's conditions ask for (RFC 9110, section 13.2.2): the reply itself, 304 or 412. */
export function checkPreconditions(headers: Headers, validators: Validators): 'proceed' | 'not-modified' | 'failed' {
  const ifMatch = headers['if-match']
  const unmodifiedSince = headers['if-unmodified-since']
  if (ifMatch !== undefined) {
    if (!listHolds(ifMatch, validators.etag, strongEqual)) return 'failed'
  } else if (unmodifiedSince !== undefined && modifiedAfter(validators.lastModified, unmodifiedSince) === true) {
    return 'failed'
  }
  const noneMatch = headers['if-none-match']
  if (noneMatch !== undefined) return listHolds(noneMatch, validators.etag, weakEqual) ? 'not-modified' : 'proceed'
  const modifiedSince = headers['if-modified-since']
  if (modifiedSince !== undefined && modifiedAfter(validators.lastModified, modifiedSince) === false) {
    return 'not-modified'
  }
  return 'proceed'
}

/** Whether a Range may be honoured: `If-Range` is absent or names exactly what we have. */
export function ifRangeHolds(ifRange: string | undefined, validators: Validators): boolean {
  if (ifRange === undefined) return true
  if (ifRange.startsWith('"')) return strongEqual(ifRange, validators.etag ?? '')
  const date = Date.parse(ifRange)
  return !Number.isNaN(date) && validators.lastModified !== undefined && seconds(validators.lastModified) === date
}

/** undefined when one of the two times is unknown. */
function modifiedAfter(lastModified: Date | undefined, text: string): boolean | undefined {
  const date = Date.parse(text)
  return lastModified === undefined || Number.isNaN(date) ? undefined : seconds(lastModified) > date
}

/** HTTP dates have no fractions. */
function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000
}

function listHolds(list: string, etag: string | undefined, equal: (a: string, b: string) => boolean): boolean {
  if (list.trim() === '*') return true
  if (etag === undefined) return false
  return (list.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => equal(tag, etag))
}

function strongEqual(a: string, b: string): boolean {
  return a === b && !a.startsWith('W/') && a !== ''
}

function weakEqual(a: string, b: string): boolean {
  return a.replace(/^W\//, '') === b.replace(/^W\//, '')
}
