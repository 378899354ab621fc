import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { AppError } from '../../base/errors.ts'
import { API_VERSION } from '../api/define.ts'
import type { Permission } from '../api/permission-api.ts'
import type { ApiVersion, PluginDefinition } from '../api/plugin-api.ts'
import { isReservedName } from '../containment/own-tables.ts'

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

export function isPluginName(text: string): boolean {
  return text.length >= 2 && text.length <= 40 && NAME.test(text)
}

/** `plugin.json`: what is known of a plugin before any of its code runs. Made by `tonearm plugin build`. */
const ManifestSchema = Type.Object(
  {
    name: Type.String({ pattern: NAME.source, minLength: 2, maxLength: 40 }),
    version: Type.String({ pattern: '^[0-9A-Za-z.+-]{1,40}$' }),
    apiVersion: Type.String({ pattern: '^[0-9]+\\.[0-9]+$' }),
    description: Type.Optional(Type.String({ maxLength: 500 })),
    permissions: Type.Array(Type.String({ pattern: '^[a-z]+(:[A-Za-z0-9.*:_\\-\\[\\]]+)?$' }), { maxItems: 50 }),
    reasons: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 300 }))),
    config: Type.Optional(Type.Unknown()),
    /** The bundled file, beside plugin.json. */
    main: Type.String({ pattern: '^[A-Za-z0-9._-]+\\.c?js$' }),
  },
  { additionalProperties: false },
)

export type Manifest = Omit<Static<typeof ManifestSchema>, 'permissions' | 'apiVersion'> & {
  readonly permissions: readonly Permission[]
  readonly apiVersion: ApiVersion
}

const PLAIN_PERMISSIONS: ReadonlySet<string> = new Set([
  'library:read',
  'users:read',
  'playback:read',
  'server:read',
  'admin',
  'db',
  'storage',
  'settings',
  'scheduler',
  'notify',
  'assets',
  'access:scope',
  'access:stream',
  'request',
  'scan:tags',
  'routes',
  'routes:public',
  'routes:root',
  'subsonic',
] satisfies Permission[])

/** Rejects with BAD_REQUEST, all problems in one message. */
export function parseManifest(value: unknown): Manifest {
  if (!Value.Check(ManifestSchema, value)) {
    const problems = Value.Errors(ManifestSchema, value).map((error) => `${error.instancePath || '/'} ${error.message}`)
    throw new AppError('BAD_REQUEST', `plugin.json: ${problems.join('; ')}`)
  }
  if (isReservedName(value.name))
    throw new AppError('BAD_REQUEST', `plugin.json: the name ${value.name} is the server's own, choose another`)
  const unknown = value.permissions.filter((name) => !PLAIN_PERMISSIONS.has(name) && !/^(net|node):.+/.test(name))
  if (unknown.length > 0) throw new AppError('BAD_REQUEST', `plugin.json: unknown permissions: ${unknown.join(', ')}`)
  return value as Manifest
}

export function manifestOf(definition: PluginDefinition, version: string, main: string): Manifest {
  return parseManifest({
    name: definition.name,
    version,
    apiVersion: definition.apiVersion,
    ...(definition.description === undefined ? {} : { description: definition.description }),
    permissions: [...(definition.permissions ?? [])],
    ...(definition.reasons ? { reasons: definition.reasons } : {}),
    ...(definition.config ? { config: JSON.parse(JSON.stringify(definition.config)) } : {}),
    main,
  })
}

/** Why a plugin written for this version can't run here; undefined when it can. */
export function incompatibility(apiVersion: string): string | undefined {
  const [major, minor] = apiVersion.split('.').map(Number)
  const [hostMajor, hostMinor] = API_VERSION.split('.').map(Number)
  if (major === hostMajor && (minor as number) <= (hostMinor as number)) return undefined
  return `it needs the plugin API ${apiVersion}, this server has ${API_VERSION}`
}
