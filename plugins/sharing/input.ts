import { Problem, type Recipient, type ShareInput, TARGET_KINDS, type Target } from './share.ts'

type Json = Readonly<Record<string, unknown>>

const MAX_TEXT = 4_000
export const MAX_PASSWORD = 500
const FAR = 8.64e15

export function objectOf(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Problem('invalid', 'The body must be a JSON object.')
  return value as Json
}

function wrong(name: string, expected: string): never {
  throw new Problem('invalid', `${name} must be ${expected}.`)
}

export function text(body: Json, name: string): string | undefined {
  const value = body[name]
  if (value === undefined) return undefined
  if (value === null) return ''
  if (typeof value !== 'string' || value.length > MAX_TEXT) wrong(name, `a text of at most ${MAX_TEXT} characters`)
  return value as string
}

/** As long as what is taken when it is typed; '' takes a password away. */
export function password(body: Json): string | undefined {
  const value = text(body, 'password')
  if (value !== undefined && value.length > MAX_PASSWORD) wrong('password', `at most ${MAX_PASSWORD} characters long`)
  return value
}

export function flag(body: Json, name: string): boolean | undefined {
  const value = body[name]
  if (value === undefined) return undefined
  if (typeof value !== 'boolean') wrong(name, 'true or false')
  return value as boolean
}

export function whole(body: Json, name: string, most = 2 ** 40): number | undefined {
  const value = body[name] ?? undefined
  if (value === undefined) return body[name] === null ? 0 : undefined
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > most)
    wrong(name, 'a whole number from 0')
  return value as number
}

/** A moment: an ISO text, or null = never. */
export function moment(body: Json, name: string): number | null | undefined {
  const value = body[name]
  if (value === undefined || value === null) return value
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (!Number.isFinite(at) || Math.abs(at) > FAR) wrong(name, 'a time such as 2030-01-31T12:00:00Z, or null')
  // Go's zero time stands for 'not set'.
  return at < 0 ? null : at
}

export function formatOf(body: Json): string | undefined {
  const value = text(body, 'format')?.toLowerCase()
  if (value !== undefined && !/^[a-z0-9]{0,12}$/.test(value)) wrong('format', 'raw, m3u, or the name of a format')
  return value
}

export function ids(body: Json, name: string): readonly string[] {
  const value = body[name] ?? []
  const list = typeof value === 'string' ? value.split(',').filter(Boolean) : value
  if (!Array.isArray(list) || list.some((id) => typeof id !== 'string' || id.length > 64)) wrong(name, 'a list of ids')
  return list as string[]
}

const KIND_BY_LETTER: Readonly<Record<string, Target['kind']>> = {
  s: 'song',
  a: 'album',
  r: 'artist',
  p: 'playlist',
}

/** What a bare id names, by its letter. */
export function targetOf(id: string): Target {
  const kind = KIND_BY_LETTER[id[0] ?? '']
  if (!kind || !/^[a-z][0-9a-z]{1,11}$/.test(id))
    throw new Problem('not-found', 'Nothing of yours has one of these ids.')
  return { kind, id }
}

export function targets(body: Json): readonly Target[] {
  const list = body.targets
  if (!Array.isArray(list) || list.length === 0) wrong('targets', 'a list of {kind, id}')
  return (list as unknown[]).map((one) => {
    const { kind, id } = objectOf(one)
    if (!TARGET_KINDS.includes(kind as Target['kind'])) wrong('kind', TARGET_KINDS.join(', '))
    if ((typeof id !== 'string' && typeof id !== 'number') || String(id).length > 64) wrong('id', 'an id')
    return { kind: kind as Target['kind'], id: String(id) }
  })
}

export function recipient(body: Json): Recipient | undefined {
  if (body.recipient === undefined) return undefined
  const { kind, id } = objectOf(body.recipient)
  if (kind === 'link' || kind === 'everyone') return { kind }
  if (kind === 'user' && typeof id === 'string') return { kind, id }
  return wrong('recipient', '{kind: "link"}, {kind: "user", id} or {kind: "everyone"}')
}

/** Drops what is undefined, so that 'not named' and 'absent' are one. */
export function compact<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never
}

export function pinakesInput(body: Json): ShareInput {
  const allowed = body.permissions === undefined ? undefined : objectOf(body.permissions)
  return compact({
    description: text(body, 'description'),
    recipient: recipient(body),
    permissions:
      allowed &&
      compact({
        view: flag(allowed, 'view'),
        stream: flag(allowed, 'stream'),
        download: flag(allowed, 'download'),
        reshare: flag(allowed, 'reshare'),
      }),
    password: password(body),
    expiresAt: moment(body, 'expiresAt'),
    maxViews: whole(body, 'maxViews'),
    maxDownloads: whole(body, 'maxDownloads'),
    format: formatOf(body),
    maxBitRate: whole(body, 'maxBitRate', 10_000),
  }) as ShareInput
}

/** `expiresIn`: seconds from now; `expires`: ms since 1970 (Feishin); 0 or null = never; `expiresAt`: a moment. */
export function nativeInput(body: Json, now: number): ShareInput {
  const seconds = whole(body, 'expiresIn', 1e11)
  const at = seconds === undefined ? whole(body, 'expires', FAR) : seconds && now + seconds * 1000
  const expiresAt = at === undefined ? moment(body, 'expiresAt') : at === 0 ? null : at
  const download = flag(body, 'downloadable')
  return compact({
    description: text(body, 'description'),
    permissions: download === undefined ? undefined : { download },
    expiresAt,
    format: formatOf(body),
    maxBitRate: whole(body, 'maxBitRate', 10_000),
  }) as ShareInput
}
