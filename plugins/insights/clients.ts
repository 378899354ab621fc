/** Requests since this plugin runs: in memory, for the page of the server and for Prometheus. */
export class Clients {
  readonly #clients = new Map<string, { requests: number; lastAt: number }>()
  readonly #statuses = new Map<string, number>()
  #requests = 0
  #bytes = 0
  #busyMs = 0

  count(
    request: { readonly client: string; readonly status: number; readonly bytes: number; readonly durationMs: number },
    at: number,
  ): void {
    this.#requests++
    this.#bytes += request.bytes
    this.#busyMs += request.durationMs
    const status = `${Math.floor(request.status / 100)}xx`
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
    const name = request.client.slice(0, MAX_NAME) || 'unknown'
    const known = this.#clients.get(name)
    const client = known ?? { requests: 0, lastAt: at }
    client.requests++
    client.lastAt = at
    // The one that was heard of last stands last.
    if (known) this.#clients.delete(name)
    this.#clients.set(name, client)
    if (this.#clients.size > MAX_CLIENTS) this.#clients.delete(this.#clients.keys().next().value ?? '')
  }

  figures() {
    return {
      requests: {
        total: this.#requests,
        bytes: this.#bytes,
        busyMs: Math.round(this.#busyMs),
        byStatus: Object.fromEntries([...this.#statuses].sort(([a], [b]) => (a < b ? -1 : 1))),
      },
      clients: [...this.#clients]
        .map(([name, { requests, lastAt }]) => ({ name, requests, lastAt: new Date(lastAt).toISOString() }))
        .sort((a, b) => b.requests - a.requests),
    }
  }
}

const MAX_CLIENTS = 50
const MAX_NAME = 64
