import Counter from 'prom-client/lib/counter.js'
import Gauge from 'prom-client/lib/gauge.js'
import Registry from 'prom-client/lib/registry.js'
import type { PluginRequest, Reply, SecretVerdict } from 'tonearm/plugin'
import type { Clients } from './clients.ts'
import type { Context } from './context.ts'

type Labels = Readonly<Record<string, string>>
type Sample = readonly [value: number, labels?: Labels]

/** Prometheus' text format 0.0.4. Basic authentication with any name and the password of the settings. */
export async function metrics(ctx: Context, clients: Clients, request: PluginRequest): Promise<Reply> {
  const { authorization } = request.headers
  const verdict = authorization
    ? await ctx.routes.checkSecret(request, () => isPassword(authorization, ctx.config.metricsPassword))
    : REFUSED
  if (!verdict.ok) return refusal(verdict.retryAfter)
  const { version, startedAt, memory, cpuMs, database, scan, users, libraries, streams, transcoding } =
    await ctx.server.figures()
  const { requests } = clients.figures()
  const admin = (await ctx.users.list()).find(({ isAdmin }) => isAdmin)
  const counts = admin && (await ctx.library.counts(admin.id))
  const registry = new Registry()
  gauge(registry, 'tonearm_info', 'The version that runs.', [[1, { version }]])
  gauge(registry, 'process_start_time_seconds', 'Start of the process, seconds since 1970.', [[startedAt / 1000]])
  gauge(registry, 'process_resident_memory_bytes', 'Resident memory.', [[memory.rss]])
  counter(registry, 'process_cpu_seconds_total', 'User and system time.', [[cpuMs / 1000]])
  gauge(registry, 'nodejs_heap_size_used_bytes', 'Used heap.', [[memory.heapUsed]])
  gauge(registry, 'nodejs_external_memory_bytes', 'Memory outside of the heap.', [[memory.external]])
  gauge(registry, 'tonearm_database_bytes', 'Size of the database.', [
    [database.bytes, { file: 'main' }],
    [database.walBytes, { file: 'wal' }],
  ])
  gauge(registry, 'tonearm_library_items', 'What the library holds.', [
    [counts?.tracks ?? 0, { kind: 'song' }],
    [counts?.albums ?? 0, { kind: 'album' }],
    [counts?.artists ?? 0, { kind: 'artist' }],
    [libraries, { kind: 'library' }],
  ])
  gauge(registry, 'tonearm_users', 'Accounts.', [[users]])
  gauge(registry, 'tonearm_scanning', '1 while a scan runs.', [[scan.scanning ? 1 : 0]])
  gauge(registry, 'tonearm_scan_last_timestamp_seconds', 'End of the last scan.', [[(scan.lastScanAt ?? 0) / 1000]])
  gauge(registry, 'tonearm_streams', 'Streams that are being sent.', [[streams]])
  gauge(registry, 'tonearm_transcodes', 'Conversions.', [
    [transcoding?.running ?? 0, { state: 'running' }],
    [transcoding?.waiting ?? 0, { state: 'waiting' }],
  ])
  gauge(registry, 'tonearm_transcode_cache_bytes', 'Size of the cache of converted songs.', [
    [transcoding?.cacheBytes ?? 0],
  ])
  counter(
    registry,
    'tonearm_http_requests_total',
    'Answered requests.',
    Object.entries(requests.byStatus).map(([status, count]): Sample => [count, { status }]),
  )
  counter(registry, 'tonearm_http_sent_bytes_total', 'Bytes of answers.', [[requests.bytes]])
  counter(registry, 'tonearm_http_request_seconds_total', 'Time until the last byte, all answers together.', [
    [requests.busyMs / 1000],
  ])
  return {
    kind: 'text',
    type: registry.contentType,
    headers: { 'cache-control': 'no-store' },
    body: await registry.metrics(),
  }
}

const REFUSED: SecretVerdict = { ok: false }

function refusal(retryAfter: number | undefined): Reply {
  const refused = { kind: 'text', body: 'A password is needed.\n' } as const
  if (retryAfter === undefined)
    return { ...refused, status: 401, headers: { 'www-authenticate': 'Basic realm="metrics", charset="UTF-8"' } }
  const body = 'Too many wrong passwords. Wait a little, then try again.\n'
  return { ...refused, status: 429, headers: { 'retry-after': String(retryAfter) }, body }
}

function gauge(registry: Registry, name: string, help: string, samples: readonly Sample[]): void {
  const metric = new Gauge({ name, help, labelNames: labelsOf(samples), registers: [registry] })
  for (const [value, labels = {}] of samples) metric.set(labels, value)
}

function counter(registry: Registry, name: string, help: string, samples: readonly Sample[]): void {
  const metric = new Counter({ name, help, labelNames: labelsOf(samples), registers: [registry] })
  for (const [value, labels = {}] of samples) metric.inc(labels, value)
}

function labelsOf(samples: readonly Sample[]): string[] {
  return [...new Set(samples.flatMap(([, labels = {}]) => Object.keys(labels)))]
}

/** Takes as long for a nearly right password as for a wrong one. */
function isPassword(header: string, password: string): boolean {
  const encoded = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(header)?.[1]
  if (encoded === undefined || password === '') return false
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const given = Buffer.from(text.slice(text.indexOf(':') + 1))
  const right = Buffer.from(password)
  let difference = given.length ^ right.length
  for (let index = 0; index < right.length; index++) difference |= (given[index] ?? 0) ^ (right[index] as number)
  return difference === 0
}
