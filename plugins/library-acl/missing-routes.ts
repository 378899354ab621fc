import { type MissingAdmin, type MissingFileInfo, readListQuery } from 'tonearm/plugin'
import type { Context } from './context.ts'
import { answering, iso, json, libraryId, Refusal } from './replies.ts'

const ADMIN = { root: true, auth: 'admin' } as const
const MAX_IDS = 10_000

type Sort = NonNullable<Parameters<MissingAdmin['list']>[0]['sort']>

const TEXTS = ['path', 'title', 'album', 'artist'] as const
/** What narrows the list, `id` aside. */
const NARROWING = [...TEXTS, 'libraryId', 'library_id', '_filters']

const SORTS = new Map<string, Sort>(
  Object.entries({
    path: 'path',
    title: 'title',
    album: 'album',
    artist: 'artist',
    size: 'size',
    id: 'id',
    updatedAt: 'missingSince',
    lastSeen: 'missingSince',
  } as const),
)

/** `/api/missing`: songs whose files are gone, for administrators. Deleting gives them up, with their stars and plays. */
export function missingRoutes({ admin, routes }: Context): void {
  const libraryNames = async () => new Map((await admin.libraries.list()).map(({ id, name }) => [id, name]))

  routes.get(
    '/api/missing',
    answering(async ({ query }) => {
      const { offset, limit, sort, descending, filters } = readListQuery(query)
      const libraries = filters.get('libraryId')?.flatMap((id) => libraryId(id) ?? [])
      const ids = filters.get('id')
      const { items, total } = await admin.missing.list({
        offset,
        limit: Math.min(limit, MAX_IDS),
        sort: SORTS.get(sort) ?? 'path',
        descending,
        ...(libraries ? { libraries } : {}),
        ...(ids ? { ids } : {}),
        beginnings: Object.fromEntries(
          TEXTS.flatMap((name) => (filters.has(name) ? [[name, filters.get(name) ?? []]] : [])),
        ),
      })
      const names = await libraryNames()
      return json(
        items.map((file) => missingBody(file, names)),
        200,
        { 'x-total-count': String(total) },
      )
    }),
    ADMIN,
  )
  routes.get(
    '/api/missing/:id',
    answering(async ({ params }) => {
      const { items } = await admin.missing.list({ ids: [params.id ?? ''], limit: 1 })
      const [file] = items
      if (!file) throw new Refusal(404, 'No missing file has this id.')
      return json(missingBody(file, await libraryNames()))
    }),
    ADMIN,
  )
  routes.delete(
    '/api/missing',
    answering(async ({ query }) => {
      // `id` that is there but empty means none, not all: only its absence does.
      const asked = query.getAll('id').flatMap((text) => text.split(','))
      const all = !query.has('id')
      if (!all && asked.every((id) => id === '')) throw new Refusal(400, 'id is empty. Leave it out to remove all.')
      const filter = all && NARROWING.find((name) => query.has(name))
      if (filter) throw new Refusal(400, `${filter} does not narrow what is removed: name the ids, or nothing for all.`)
      if (asked.length > MAX_IDS) throw new Refusal(400, `At most ${MAX_IDS} ids a call.`)
      const dryRun = ['true', '1'].includes((query.get('dryRun') ?? '').toLowerCase())
      const ids = await admin.missing.purge({ ...(all ? {} : { ids: asked }), dryRun })
      const [first] = ids
      return json({
        removed: ids.length,
        ids,
        ...(ids.length === 1 ? { id: first } : {}),
        ...(dryRun ? { dryRun } : {}),
      })
    }),
    { ...ADMIN, timeoutMs: 600_000 },
  )
}

function missingBody(file: MissingFileInfo, libraryNames: ReadonlyMap<number, string>) {
  return {
    id: file.id,
    libraryId: file.libraryId,
    libraryName: libraryNames.get(file.libraryId) ?? '',
    path: file.path,
    title: file.title,
    album: file.album,
    artist: file.artist,
    size: file.size,
    duration: file.durationMs / 1000,
    missing: true,
    missingFileCount: file.missingInAlbum,
    lastSeen: iso(file.missingSince),
    updatedAt: iso(file.missingSince),
  }
}
