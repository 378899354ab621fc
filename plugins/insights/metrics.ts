import type { PluginRequest, Reply } from 'tonearm/plugin'
import type { Clients } from './clients.ts'
import type { Context } from './context.ts'

type Labels = Readonly<Record<string, string>>
type Sample = readonly [value: number, labels?: Labels]

/** Prometheus' text format 0.0.4. Basic authentication with any name and the password of the settings. */
export async function metrics(ctx: Context, clients: Clients, request: PluginRequest): Promise<Reply> {
  if (!isPassword(request.headers.authorization, ctx.config.metricsPassword))
    return {
      kind: 'text',
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="metrics", charset="UTF-8"' },
      body: 'A password is needed.\n',
    }
  const { version, startedAt, memory, cpuMs, database, scan, users, libraries, streams, transcoding } =
    await ctx.server.figures()
  const { requests } = clients.figures()
  const admin = (await ctx.users.list()).find(({ isAdmin }) => isAdmin)
  const counts = admin && (await ctx.library.counts(admin.id))
  const text = [
    family('tonearm_info', 'gauge', 'The version that runs.', [[1, { version }]]),
    family('process_start_time_seconds', 'gauge', 'Start of the process, seconds since 1970.', [[startedAt / 1000]]),
    family('process_resident_memory_bytes', 'gauge', 'Resident memory.', [[memory.rss]]),
    family('process_cpu_seconds_total', 'counter', 'User and system time.', [[cpuMs / 1000]]),
    family('nodejs_heap_size_used_bytes', 'gauge', 'Used heap.', [[memory.heapUsed]]),
    family('nodejs_external_memory_bytes', 'gauge', 'Memory outside of the heap.', [[memory.external]]),
    family('tonearm_database_bytes', 'gauge', 'Size of the database.', [
      [database.bytes, { file: 'main' }],
      [database.walBytes, { file: 'wal' }],
    ]),
    family('tonearm_library_items', 'gauge', 'What the library holds.', [
      [counts?.tracks ?? 0, { kind: 'song' }],
      [counts?.albums ?? 0, { kind: 'album' }],
      [counts?.artists ?? 0, { kind: 'artist' }],
      [libraries, { kind: 'library' }],
    ]),
    family('tonearm_users', 'gauge', 'Accounts.', [[users]]),
    family('tonearm_scanning', 'gauge', '1 while a scan runs.', [[scan.scanning ? 1 : 0]]),
    family('tonearm_scan_last_timestamp_seconds', 'gauge', 'End of the last scan.', [[(scan.lastScanAt ?? 0) / 1000]]),
    family('tonearm_streams', 'gauge', 'Streams that are being sent.', [[streams]]),
    family('tonearm_transcodes', 'gauge', 'Conversions.', [
      [transcoding?.running ?? 0, { state: 'running' }],
      [transcoding?.waiting ?? 0, { state: 'waiting' }],
    ]),
    family('tonearm_transcode_cache_bytes', 'gauge', 'Size of the cache of converted songs.', [
      [transcoding?.cacheBytes ?? 0],
    ]),
    family(
      'tonearm_http_requests_total',
      'counter',
      'Answered requests.',
      Object.entries(requests.byStatus).map(([status, count]): Sample => [count, { status }]),
    ),
    family('tonearm_http_sent_bytes_total', 'counter', 'Bytes of answers.', [[requests.bytes]]),
    family('tonearm_http_request_seconds_total', 'counter', 'Time until the last byte, all answers together.', [
      [requests.busyMs / 1000],
    ]),
  ].join('')
  return {
    kind: 'text',
    type: 'text/plain; version=0.0.4; charset=utf-8',
    headers: { 'cache-control': 'no-store' },
    body: text,
  }
}

export function family(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([value, labels = {}]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
    return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`
  })
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

/** Takes as long for a nearly right password as for a wrong one. */
function isPassword(header: string | undefined, password: string): boolean {
  const encoded = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined || password === '') return false
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const given = Buffer.from(text.slice(text.indexOf(':') + 1))
  const right = Buffer.from(password)
  let difference = given.length ^ right.length
  for (let index = 0; index < right.length; index++) difference |= (given[index] ?? 0) ^ (right[index] as number)
  return difference === 0
}
