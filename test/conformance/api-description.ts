import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'

type Json = null | boolean | number | string | readonly Json[] | JsonObject
interface JsonObject {
  readonly [key: string]: Json
}
type Mutable = Record<string, Json>

interface Patch {
  readonly op: 'add' | 'replace' | 'move'
  readonly path: string
  readonly from?: string
  readonly value?: Json
}

export interface ApiDescription {
  readonly endpoints: readonly string[]
  /** What is wrong with the answer of an endpoint; [] when nothing is. */
  check(endpoint: string, answer: unknown): readonly string[]
}

/** Fields that the description doesn't know and clients do, by the element that holds them. */
const DE_FACTO: ReadonlySet<string> = new Set([
  // Albums in lists of folder clients are Child elements, and are read as albums too.
  ...['child', 'album'].flatMap((element) => [`${element}.name`, `${element}.songCount`]),
  // Navidrome and gonic send them, clients show them.
  'album.averageRating',
  'artist.averageRating',
  'similarArtist.averageRating',
  'artist.coverArt',
  'similarArtist.coverArt',
  'artist.userRating',
  // Navidrome's additions.
  'scanStatus.folderCount',
  'scanStatus.lastScan',
  'scanStatus.scanType',
  'scanStatus.elapsedTime',
])

/** Reads the OpenAPI description of a folder, with the corrections that lie beside it. */
export function readApiDescription(folder: string): ApiDescription {
  const document = readJson(join(folder, 'opensubsonic-openapi.json'))
  const fixes = readJson(join(folder, 'opensubsonic-openapi.fixes.json')) as unknown as readonly Patch[]
  for (const fix of fixes) apply(document, fix)
  const ajv = new Ajv({ strict: true, allErrors: true })
  formats.default(ajv)
  ajv.addVocabulary([
    'externalDocs',
    'example',
    'components',
    'schemas',
    'responses',
    'paths',
    'parameters',
    'securitySchemes',
  ])
  ajv.addSchema({ $id: 'api', components: { schemas: at(document, ['components', 'schemas']) as JsonObject } })
  const validators = new Map<string, { readonly validate: ValidateFunction; readonly schema: JsonObject }>()
  for (const path of Object.keys(at(document, ['paths']) as JsonObject)) {
    const schema = answerSchema(document, path)
    if (schema)
      validators.set(path.slice('/rest/'.length), { validate: ajv.compile(absolute(schema) as object), schema })
  }
  return {
    endpoints: [...validators.keys()],
    check(endpoint, answer) {
      const known = validators.get(endpoint)
      if (!known) return [`the description has no JSON answer of ${endpoint}`]
      if (typeof answer !== 'object' || answer === null || !('subsonic-response' in answer))
        return ['no subsonic-response']
      const problems = known.validate(answer)
        ? []
        : (known.validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`)
      return [...problems, ...unknownKeys(document, [known.schema], answer as Json, '', '')]
    },
  }
}

function readJson(path: string): Mutable {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** The schema of the JSON answer with status 200; undefined for data. */
function answerSchema(document: JsonObject, path: string): JsonObject | undefined {
  const item = at(document, ['paths', path]) as JsonObject
  const operation = (item.get ?? item.post) as JsonObject
  const answer = resolved(document, at(operation, ['responses', '200']) as JsonObject)
  return at(answer, ['content', 'application/json', 'schema']) as JsonObject | undefined
}

/** Keys that no schema names. The description allows them everywhere, so that misspelt ones would pass. */
function unknownKeys(
  document: JsonObject,
  schemas: readonly JsonObject[],
  value: Json,
  path: string,
  element: string,
): readonly string[] {
  const leaves = schemas.flatMap((schema) => alternatives(document, schema))
  if (Array.isArray(value)) {
    const items = leaves.flatMap((leaf) => (leaf.items === undefined ? [] : [leaf.items as JsonObject]))
    return value.flatMap((item: Json, index) => unknownKeys(document, items, item, `${path}/${index}`, element))
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => {
    const described = leaves.flatMap((leaf) => at(leaf, ['properties', key]) ?? []) as readonly JsonObject[]
    const where = `${path}/${key}`
    if (described.length > 0) return unknownKeys(document, described, member, where, key)
    return DE_FACTO.has(`${element}.${key}`) ? [] : [`${where} is not in the description`]
  })
}

function alternatives(document: JsonObject, schema: JsonObject): readonly JsonObject[] {
  const own = resolved(document, schema)
  const parts = [own.allOf, own.oneOf, own.anyOf].flatMap((list) => (list ?? []) as readonly JsonObject[])
  return [own, ...parts.flatMap((part) => alternatives(document, part))]
}

function resolved(document: JsonObject, schema: JsonObject): JsonObject {
  if (typeof schema.$ref !== 'string') return schema
  return resolved(document, at(document, schema.$ref.slice(2).split('/')) as JsonObject)
}

function absolute(value: Json): Json {
  if (Array.isArray(value)) return value.map(absolute)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === '$ref' && typeof member === 'string' ? member.replace(/^#/, 'api#') : absolute(member),
    ]),
  )
}

function at(value: Json | undefined, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((inner, key) => (inner as JsonObject | undefined)?.[key], value)
}

/** The three operations of RFC 6902 that the corrections use. */
function apply(document: Mutable, patch: Patch): void {
  const keys = (pointer: string) =>
    pointer
      .slice(1)
      .split('/')
      .map((key) => key.replace(/~1/g, '/').replace(/~0/g, '~'))
  const path = keys(patch.path)
  const parent = at(document, path.slice(0, -1)) as Mutable
  const name = path.at(-1) as string
  if (patch.op !== 'move') {
    parent[name] = patch.value as Json
    return
  }
  const from = keys(patch.from ?? '')
  const source = at(document, from.slice(0, -1)) as Mutable
  parent[name] = source[from.at(-1) as string] as Json
  delete source[from.at(-1) as string]
}
