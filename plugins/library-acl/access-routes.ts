import type { AccountInfo } from 'tonearm/plugin'
import type { AccessRules, Denials } from './access-rules.ts'
import type { Context } from './context.ts'
import { answering, bodyOf, field, json, libraryId, Refusal, texts } from './replies.ts'
import { known } from './user-routes.ts'

const ADMIN = { root: true, auth: 'admin' } as const
const MAX_RULES = 500
const MAX_TEXT = 1000
/** Rights that stand beside the rules, as `download: true`. They are roles of the account. */
const RIGHTS = ['download', 'share', 'jukebox'] as const

/** `/api/user/{id}/access`: what a user may not see within the granted libraries, and the rights to use it. */
export function accessRoutes({ admin, routes }: Context, rules: AccessRules): void {
  const body = async (account: AccountInfo) => {
    const { folders, genres, explicit } = await rules.of(account.id)
    return {
      id: account.id,
      denyFolders: folders,
      denyGenres: genres,
      denyExplicit: explicit,
      ...Object.fromEntries(RIGHTS.map((right) => [right, account.isAdmin || account.roles.includes(right)])),
    }
  }
  routes.get(
    '/api/user/:id/access',
    answering(async (request) => json(await body(await known(admin, request)))),
    ADMIN,
  )
  routes.put(
    '/api/user/:id/access',
    answering(async (request) => {
      const account = await known(admin, request)
      if (account.isAdmin) throw new Refusal(400, 'Administrators see everything: a rule would protect nothing.')
      const asked = await bodyOf(request)
      const libraries = await admin.libraries.list()
      const denials = denialsOf(asked, await rules.of(account.id), new Set(libraries.map(({ id }) => id)))
      const roles = rolesOf(asked, account.roles)
      // The rule first: a right that is given must not be usable under the rules of before.
      await rules.set(account.id, denials)
      const changed = roles.join() === account.roles.join() ? account : await admin.users.update(account.id, { roles })
      return json(await body(changed))
    }),
    { ...ADMIN, apiKeys: false },
  )
}

/** What the body does not name stays. */
function denialsOf(body: Readonly<Record<string, unknown>>, before: Denials, known: ReadonlySet<number>): Denials {
  const { denyFolders, denyGenres } = body
  return {
    folders: denyFolders === undefined ? before.folders : foldersOf(denyFolders, known),
    genres: denyGenres === undefined ? before.genres : genresOf(denyGenres),
    explicit: field(body, 'denyExplicit', 'boolean') ?? before.explicit,
  }
}

function foldersOf(value: unknown, known: ReadonlySet<number>): Denials['folders'] {
  const wrong = (why: string) => new Refusal(400, `denyFolders: ${why}`, { denyFolders: 'ra.validation.invalid' })
  if (!Array.isArray(value) || value.length > MAX_RULES) throw wrong(`a list of at most ${MAX_RULES} folders.`)
  return value.map((one: unknown) => {
    const { libraryId: id, path } = Object(one) as { libraryId?: unknown; path?: unknown }
    const library = libraryId(id)
    if (library === undefined || !known.has(library)) throw wrong(`there is no library ${String(id)}.`)
    if (typeof path !== 'string' || path.length > MAX_TEXT) throw wrong('each names a path within its library.')
    const names = path.split('/').filter((name) => name !== '' && name !== '.')
    if (path.startsWith('/') || names.includes('..') || path.includes('\0'))
      throw wrong('paths are relative to the folder of the library, without ..')
    return { libraryId: library, path: names.join('/') }
  })
}

function genresOf(value: unknown): readonly string[] {
  const genres = texts(value, 'denyGenres', MAX_RULES).map((genre) => genre.trim())
  if (genres.some((genre) => genre === '' || genre.length > MAX_TEXT))
    throw new Refusal(400, 'denyGenres: a genre has a name.', { denyGenres: 'ra.validation.invalid' })
  return [...new Set(genres)]
}

function rolesOf(body: Readonly<Record<string, unknown>>, before: readonly string[]): readonly string[] {
  const wanted = RIGHTS.map((right) => [right, field(body, right, 'boolean')] as const)
  const given = wanted.flatMap(([right, value]) => (value === true && !before.includes(right) ? [right] : []))
  const taken = wanted.flatMap(([right, value]) => (value === false ? [right] : []))
  return [...before.filter((role) => !taken.some((right) => right === role)), ...given]
}
