import {
  type LibraryFigures,
  type PluginRequest,
  type Reply,
  rowIdOf,
  type ServerFigures,
  type User,
} from 'tonearm/plugin'
import type { Clients } from './clients.ts'
import type { Context } from './context.ts'
import { csvOf } from './csv.ts'
import { growthOf, isoTime, type Listening, listeningOf } from './listening.ts'
import { type Period, periodOf } from './period.ts'
import { answering, Refusal } from './refusal.ts'
import { EVERYBODY, NO_LIBRARY, type RollUp } from './roll-up.ts'
import { sharedLibraries } from './shared-libraries.ts'
import { type Zone, zoneOf } from './zones.ts'

export interface ReportParts {
  readonly ctx: Context
  readonly rollUp: RollUp
  readonly clients: Clients
  readonly zone: Zone
}

const PARTS = ['library', 'listening', 'server'] as const
type Part = (typeof PARTS)[number]

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 100
/** Plays that one report may count itself: 5,000. What waits beyond is taken in the background. */
const STEPS = 10
/** How long it waits while the background counts a long history. */
const PATIENCE_MS = 500
const MAX_ROWS = 500

interface Asked {
  readonly user: User
  /** Whose listening: a row id or EVERYBODY. */
  readonly listener: number
  readonly listenerId: string
  readonly period: Period
  /** Chosen among those that the asking user may see. */
  readonly libraries: readonly number[]
  readonly narrowed: boolean
  readonly limit: number
}

/** `GET /api/insights/report`. */
export function report(parts: ReportParts, request: PluginRequest): Promise<Reply> {
  return answering(async () => {
    const asked = await askedOf(parts, request)
    if (request.query.get('format') === 'csv') return csv(parts, request, asked)
    const wanted = request.query.get('parts')?.split(',') ?? PARTS
    if (wanted.some((part) => !PARTS.includes(part as Part)))
      throw new Refusal(400, `parts are ${PARTS.join(', ')}, separated by commas`)
    const { user, period } = asked
    const upToDate = await parts.rollUp.catchUp(STEPS, request.signal, PATIENCE_MS)
    return json({
      period: {
        name: period.name,
        from: isoTime(period.from),
        to: isoTime(period.to),
        timeZone: period.zone.name,
      },
      user: asked.listenerId,
      libraries: asked.libraries,
      upToDate,
      ...(wanted.includes('library') ? { library: await libraryPart(parts, asked) } : {}),
      ...(wanted.includes('listening') ? { listening: await listeningPart(parts, asked) } : {}),
      ...(wanted.includes('server') && user.isAdmin ? { server: await serverPart(parts) } : {}),
    })
  })
}

async function askedOf({ ctx, zone }: ReportParts, { query, user }: PluginRequest): Promise<Asked> {
  if (!user) throw new Refusal(403, 'Not authenticated')
  const tz = query.get('tz')
  const chosen = tz ? zoneOf(tz) : zone
  if (!chosen) throw new Refusal(400, `${tz} is no time zone; an example: Europe/Berlin`)
  const whose = query.get('user') ?? user.id
  if (whose !== user.id && !user.isAdmin) throw new Refusal(403, 'Only administrators see what others listen to')
  const known = whose === 'all' || (await ctx.users.get(whose)) !== undefined
  if (!known) throw new Refusal(404, 'There is no such user')
  const visible = (await ctx.library.libraries(user.id)).map(({ id }) => id)
  const named = query
    .getAll('library')
    .flatMap((text) => text.split(','))
    .filter(Boolean)
  const ids = named.map(Number)
  if (ids.some((id) => !visible.includes(id))) throw new Refusal(404, 'There is no such library')
  const limit = Number(query.get('limit') ?? DEFAULT_LIMIT)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new Refusal(400, `limit is a number from 1 to ${MAX_LIMIT}`)
  return {
    user,
    listener: whose === 'all' ? EVERYBODY : (rowIdOf('user', whose) ?? -1),
    listenerId: whose,
    period: periodOf(query.get('period') ?? '30d', chosen, ctx.now()),
    libraries: named.length > 0 ? ids : visible,
    narrowed: named.length > 0,
    limit,
  }
}

async function listeningPart(
  { ctx }: ReportParts,
  asked: Asked,
): Promise<Listening & { readonly neverPlayed: number }> {
  const { user, libraries, narrowed, listener } = asked
  const figures = await listeningOf(ctx, {
    userId: listener,
    // Plays of songs that were purged before they were counted have no library; they are the listener's all the same.
    libraries: narrowed
      ? libraries
      : [...libraries, NO_LIBRARY, ...(await sharedLibraries(ctx, { listener, libraries, as: user.id }))],
    period: asked.period,
    limit: asked.limit,
    as: user.id,
    now: ctx.now(),
  })
  return { ...figures, neverPlayed: (await unplayed(ctx, asked, 0)).count }
}

/** As the listener sees the library; of all listeners as the administrator who asks. */
function unplayed(ctx: Context, { listener, listenerId, libraries, narrowed, user }: Asked, limit: number) {
  const everybody = listener === EVERYBODY
  // Naming libraries leaves out single songs that others share: only when that is asked for.
  const within = narrowed ? { libraries } : {}
  return ctx.statistics.unplayed(everybody ? user.id : listenerId, { ...within, everybody, limit })
}

async function libraryPart({ ctx }: ReportParts, { user, libraries, narrowed, period, limit }: Asked) {
  const figures = await ctx.statistics.library(user.id, narrowed ? { libraries } : {})
  const { added, duplicates, ...rest } = figures
  const groups = duplicates.ids.slice(0, limit)
  return {
    ...rest,
    missing: rest.missing ?? null,
    growth: growthOf(added, period.zone),
    duplicates: { groups: duplicates.groups, songs: duplicates.songs, examples: await namedGroups(ctx, user, groups) },
  }
}

async function namedGroups(ctx: Context, user: User, groups: LibraryFigures['duplicates']['ids']) {
  const names = await ctx.statistics.names('song', groups.flat().slice(0, MAX_ROWS), user.id)
  const byId = new Map(names.map((item) => [item.id, item]))
  return groups.map((ids) => ids.flatMap((id) => byId.get(id) ?? []))
}

async function serverPart({ ctx, clients }: ReportParts) {
  const figures: ServerFigures = await ctx.server.figures()
  const { startedAt, scan, ...rest } = figures
  return {
    ...rest,
    startedAt: isoTime(startedAt),
    uptimeSeconds: Math.floor((ctx.now() - startedAt) / 1000),
    scan: { ...scan, lastScanAt: isoTime(scan.lastScanAt) },
    ...clients.figures(),
  }
}

async function csv(parts: ReportParts, request: PluginRequest, asked: Asked): Promise<Reply> {
  const table = request.query.get('table') ?? 'byDay'
  const rows = await tableOf(parts, request, table, asked)
  return {
    kind: 'text',
    type: 'text/csv; charset=utf-8',
    headers: {
      'content-disposition': `attachment; filename="insights-${table}.csv"`,
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
    },
    body: csvOf(rows),
  }
}

const LISTENING_TABLES = [
  'byDay',
  'byHour',
  'byWeekday',
  'byMonth',
  'topSongs',
  'topAlbums',
  'topArtists',
  'topGenres',
] as const
const LIBRARY_TABLES = ['formats', 'bitRates', 'decades', 'genres', 'growth', 'duplicates'] as const

async function tableOf(
  parts: ReportParts,
  request: PluginRequest,
  table: string,
  asked: Asked,
): Promise<readonly object[]> {
  const { ctx, rollUp } = parts
  const ofListening = LISTENING_TABLES.find((name) => name === table)
  if (ofListening) {
    await rollUp.catchUp(STEPS, request.signal, PATIENCE_MS)
    return (await listeningPart(parts, asked))[ofListening]
  }
  const ofLibrary = LIBRARY_TABLES.find((name) => name === table)
  if (ofLibrary) {
    const figures = await libraryPart(parts, asked)
    if (ofLibrary !== 'duplicates') return figures[ofLibrary]
    return figures.duplicates.examples.flatMap((group, index) => group.map((item) => ({ group: index + 1, ...item })))
  }
  if (table === 'neverPlayed') {
    const { ids } = await unplayed(ctx, asked, MAX_ROWS)
    return ctx.statistics.names('song', ids, asked.user.id)
  }
  throw new Refusal(400, `table is one of ${[...LISTENING_TABLES, ...LIBRARY_TABLES, 'neverPlayed'].join(', ')}`)
}

export function json(body: unknown, status = 200): Reply {
  return { kind: 'json', status, body, headers: { 'cache-control': 'private, no-store' } }
}
