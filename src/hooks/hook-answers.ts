import type { AccessScope } from '../base/access-scope.ts'
import type { HookInput, HookName, HookNameOf } from './hooks.ts'
import { ALLOW, type Verdict } from './kinds.ts'

/** What came back is not what the hook asks for: the same as a failure. */
export const INVALID: unique symbol = Symbol('invalid answer')

/**
 * Handlers are other people's code, possibly not type-checked, so answers are looked at once, here, before the core
 * relies on their shape. An optional field that is undefined counts as absent.
 */
type Check = (value: unknown) => boolean

/** Items of one answer. */
const MAX_ITEMS = 50_000
/** Bytes of one picture. */
const MAX_PICTURE = 32 * 1024 * 1024

const isText: Check = (value) => typeof value === 'string'
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value)
const isFlag: Check = (value) => typeof value === 'boolean'
const isKey: Check = (value) => Number.isSafeInteger(value) && (value as number) > 0
const isTrue: Check = (value) => value === true

const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string)

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

function listOf(item: Check): Check {
  return (value) => Array.isArray(value) && value.length <= MAX_ITEMS && value.every(item)
}

function recordOf(item: Check): Check {
  return (value) => isRecord(value) && Object.values(value).every(item)
}

function shape(required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check {
  return (value) =>
    isRecord(value) &&
    Object.entries(required).every(([key, check]) => check(value[key])) &&
    Object.entries(optional).every(([key, check]) => value[key] === undefined || check(value[key]))
}

/** A header's name is a token and its value one line: a plugin must not be able to end the headers. */
function isHeaders(value: unknown): boolean {
  return (
    isRecord(value) &&
    Object.entries(value).every(
      ([name, text]) =>
        /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) &&
        typeof text === 'string' &&
        /^[\t\x20-\x7e\x80-\xff]*$/.test(text),
    )
  )
}

const isTagged = shape({ path: isText, tags: recordOf(listOf(isText)) })

function isSameBatch(value: unknown, input: HookInput<'scan.tags'>): boolean {
  return (
    Array.isArray(value) &&
    value.length === input.length &&
    value.every((file, index) => isTagged(file) && (file as { path: string }).path === input[index]?.path)
  )
}

type ShapedHook = HookNameOf<'transform'> | HookNameOf<'provide'> | HookNameOf<'collect'>

const ANSWERS: { readonly [N in ShapedHook]: (value: unknown, input: HookInput<N>) => boolean } = {
  'response.headers': isHeaders,
  'scan.tags': isSameBatch,
  'media.lyrics': listOf(
    shape(
      { lang: isText, synced: isFlag, lines: listOf(shape({ text: isText }, { ms: isNumber })) },
      {
        offsetMs: isNumber,
        kind: oneOf('main', 'translation', 'pronunciation'),
        agents: listOf(shape({ id: isText, role: oneOf('main', 'voice', 'bg', 'group') }, { name: isText })),
        cueLines: listOf(
          shape(
            {
              index: isNumber,
              text: isText,
              cues: listOf(shape({ ms: isNumber, from: isNumber, to: isNumber }, { endMs: isNumber })),
            },
            { ms: isNumber, endMs: isNumber, agentId: isText },
          ),
        ),
      },
    ),
  ),
  'artist.info': shape(
    {},
    {
      biography: isText,
      musicBrainzId: isText,
      lastFmUrl: isText,
      images: listOf(isText),
      similar: listOf(isText),
    },
  ),
  'album.info': shape({}, { notes: isText, lastFmUrl: isText, images: listOf(isText) }),
  'media.artwork': shape({
    contentType: (value) => typeof value === 'string' && /^image\/[a-z0-9.+-]+$/i.test(value),
    bytes: (value) => value instanceof Uint8Array && value.length > 0 && value.length <= MAX_PICTURE,
  }),
  'similar.songs': listOf(isText),
  'access.grants': listOf(isText),
  'playlists.virtual': listOf(
    shape({
      id: (value) => typeof value === 'string' && /^[0-9A-Za-z-]{1,64}$/.test(value),
      name: isText,
      comment: isText,
      owner: isText,
      songIds: (value) => listOf(isText)(value) && (value as unknown[]).length <= 10_000,
      createdAt: isNumber,
      changedAt: isNumber,
    }),
  ),
}

/** The answer of a transform, provide or collect handler. Null counts as no answer. */
export function acceptAnswer(hook: HookName, value: unknown, input: unknown): unknown {
  if (value === undefined || value === null) return undefined
  const check = ANSWERS[hook as ShapedHook] as ((value: unknown, input: never) => boolean) | undefined
  return check?.(value, input as never) ? value : INVALID
}

const DEFAULT_DENIAL = 'This was refused by a rule of the server.'

export function acceptVerdict(value: unknown): Verdict | typeof INVALID {
  if (!isRecord(value)) return INVALID
  if (value.allow === true) return ALLOW
  if (value.allow !== false) return INVALID
  const reason = typeof value.reason === 'string' && value.reason !== '' ? value.reason.slice(0, 500) : DEFAULT_DENIAL
  const status = value.status
  return status === 401 || status === 403 || status === 429
    ? { allow: false, reason, status }
    : { allow: false, reason }
}

const DENIALS: { readonly [key: string]: Check } = {
  genres: listOf(isText),
  explicit: isTrue,
  paths: listOf(isText),
  songs: listOf(isKey),
  albums: listOf(isKey),
  artists: listOf(isKey),
}

/**
 * A scope that narrows. A key that we don't know is an error rather than ignored: a misspelt denial must not open.
 * Grants are cut off, since only `access.grants` gives.
 */
export function acceptScope(value: unknown): AccessScope | typeof INVALID {
  if (!isRecord(value)) return INVALID
  const { libraries, deny, grants: _, ...unknown } = value
  if (Object.keys(unknown).length > 0) return INVALID
  if (libraries !== 'all' && !listOf(isKey)(libraries)) return INVALID
  const own = (libraries === 'all' ? 'all' : [...(libraries as unknown[])]) as AccessScope['libraries']
  if (deny === undefined) return { libraries: own }
  if (!isRecord(deny)) return INVALID
  for (const [key, denied] of Object.entries(deny)) {
    if (!Object.hasOwn(DENIALS, key)) return INVALID
    if (denied !== undefined && !DENIALS[key]?.(denied)) return INVALID
  }
  return { libraries: own, deny: structuredClone(deny) as NonNullable<AccessScope['deny']> }
}
