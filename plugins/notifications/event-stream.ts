import type { PluginRequest, Reply, Routes } from 'tonearm/plugin'
import type { Context } from './context.ts'
import type { Hub, LiveEvent } from './hub.ts'
import type { LiveState } from './live-events.ts'
import { forUser, Refusal } from './refusal.ts'

/** Events that wait for one client; one that is slower is cut, and comes back for the rest. */
const MAX_WAITING = 500

/** `GET /api/events`: server-sent events, with Navidrome's names and `notification`. */
export function addEventStream(
  routes: Routes,
  parts: { readonly ctx: Context; readonly hub: Hub; readonly live: LiveState },
): void {
  const { ctx, hub, live } = parts
  routes.get(
    '/api/events',
    forUser(async (request, { row, isAdmin }): Promise<Reply> => {
      const queue = new EventQueue()
      const connection = {
        userId: row,
        isAdmin,
        push: (event: LiveEvent) => queue.push(textOf(event)),
        close: () => queue.end(),
      }
      const { version, startedAt } = await ctx.admin.server()
      const first = [
        ['serverStart', { startTime: new Date(startedAt).toISOString(), version }],
        ['scanStatus', await live.scanStatus()],
        ['nowPlayingCount', { count: live.nowPlaying() }],
      ] as const
      queue.push('retry: 3000\n\n')
      for (const [event, data] of first) queue.push(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
      const leave = await hub.join(connection, lastEventId(request))
      if (!leave) throw new Refusal(409, 'Too many pages are connected at the same time.')
      queue.onEnd = leave
      return {
        kind: 'stream',
        type: 'text/event-stream; charset=utf-8',
        headers: { 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
        body: queue,
      }
    }),
    { root: true },
  )
}

function textOf({ id, event, data }: LiveEvent): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** As browsers send it when they come back; others may put it into the address. */
function lastEventId({ headers, query }: PluginRequest): number | undefined {
  const text = headers['last-event-id'] ?? query.get('lastEventId') ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** Texts on their way to one client. */
class EventQueue implements AsyncIterableIterator<string> {
  onEnd: () => void = () => {}
  readonly #waiting: string[] = []
  #wake: (() => void) | undefined
  #isOver = false

  /** @returns false when it is full or over. */
  push(text: string): boolean {
    if (this.#isOver || this.#waiting.length >= MAX_WAITING) return false
    this.#waiting.push(text)
    this.#wake?.()
    return true
  }

  /** What waits is still sent. */
  end(): void {
    this.#isOver = true
    this.#wake?.()
  }

  async next(): Promise<IteratorResult<string>> {
    while (this.#waiting.length === 0) {
      if (this.#isOver) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
    return { done: false, value: this.#waiting.splice(0).join('') }
  }

  return(): Promise<IteratorResult<string>> {
    this.end()
    this.onEnd()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
