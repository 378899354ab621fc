import { listPage, type PluginRequest, type Reply, type RouteHandler, readListQuery } from 'tonearm/plugin'

/** A failure that a handler answers on purpose; `answering` makes the reply. */
export class Refusal extends Error {
  readonly reply: Reply

  /** `fields`: codes by field, for forms. */
  constructor(status: number, message: string, fields?: Readonly<Record<string, string>>) {
    super(message)
    this.reply = json(fields ? { error: message, errors: fields } : { error: message }, status)
  }
}

export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Reply {
  return { kind: 'json', status, headers, body }
}

/** A page of rows that are all at hand, as the query wants them. */
export function listReply(rows: readonly object[], request: PluginRequest): Reply {
  const { items, total } = listPage(rows, readListQuery(request.query))
  return json(items, 200, { 'x-total-count': String(total) })
}

/** Codes of fields, as forms of the native API know them. */
const FIELD_CODES: Readonly<Record<string, string>> = {
  required: 'ra.validation.required',
  unique: 'ra.validation.unique',
  invalid: 'ra.validation.invalid',
  pathNotAbsolute: 'resources.library.validation.pathInvalid',
  pathNotFound: 'resources.library.validation.pathNotFound',
  pathNotDirectory: 'resources.library.validation.pathNotDirectory',
  pathNotAccessible: 'resources.library.validation.pathNotAccessible',
  pathInOtherLibrary: 'resources.library.validation.pathInOtherLibrary',
  pathInDataFolder: 'resources.library.validation.pathInDataFolder',
  fromConfig: 'resources.library.validation.fromConfig',
}

interface CoreError {
  readonly code?: unknown
  readonly message?: unknown
  readonly details?: { readonly field?: unknown; readonly problem?: unknown }
}

/**
 * Refusals become their replies, and the core's word about a field a 400 that names it; the rest the host answers.
 * `names`: of the core's fields, where forms call them otherwise.
 */
export function answering(handler: RouteHandler, names: Readonly<Record<string, string>> = {}): RouteHandler {
  return async (request) => {
    try {
      return await handler(request)
    } catch (error) {
      if (error instanceof Refusal) return error.reply
      const { code, message, details } = error as CoreError
      if (typeof code === 'string' && typeof message === 'string' && typeof details?.field === 'string') {
        const problem = String(details.problem)
        const status = details.problem === 'fromConfig' ? 409 : 400
        const name = names[details.field] ?? details.field
        return new Refusal(status, message, { [name]: FIELD_CODES[problem] ?? problem }).reply
      }
      throw error
    }
  }
}

/** The body as an object; 422 for anything else. */
export async function bodyOf(request: PluginRequest): Promise<Readonly<Record<string, unknown>>> {
  const body = await request.json()
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Refusal(422, 'invalid request payload')
  return body as Record<string, unknown>
}

type Kinds = { string: string; boolean: boolean; number: number }

/** A field of that type; undefined when it is absent. 400 for another type. */
export function field<K extends keyof Kinds>(
  body: Readonly<Record<string, unknown>>,
  name: string,
  kind: K,
): Kinds[K] | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== kind) throw new Refusal(400, `${name} must be a ${kind}.`, { [name]: 'ra.validation.invalid' })
  return value as Kinds[K]
}

export function required(value: string | undefined, name: string): string {
  if (value === undefined || value.trim() === '')
    throw new Refusal(400, `${name} is missing.`, { [name]: 'ra.validation.required' })
  return value
}

export function texts(value: unknown, name: string, most: number): readonly string[] {
  if (!Array.isArray(value) || value.length > most || !value.every((one) => typeof one === 'string'))
    throw new Refusal(400, `${name} must be a list of at most ${most} texts.`, { [name]: 'ra.validation.invalid' })
  return value
}

/** Library ids come as numbers, and as texts from forms. */
export function libraryId(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^[0-9]{1,15}$/.test(value) ? Number(value) : value
  return Number.isSafeInteger(number) && (number as number) > 0 ? (number as number) : undefined
}

export function iso(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}
