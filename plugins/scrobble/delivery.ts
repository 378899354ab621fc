import type { Outcome, Service, ServiceId } from './service.ts'
import type { Link, Store, Waiting } from './store.ts'

export interface DeliveryOptions {
  readonly services: ReadonlyMap<ServiceId, Service>
  readonly store: Store
  now(): number
  /** The token of a user no longer works. */
  onUnlinked(link: Link, service: Service, reason: string): void
  /** The server's own key for a service does not work. */
  onMisconfigured(service: Service, reason: string): void
  onTrouble(service: Service, reason: string, waitMs: number): void
}

/** How often one run asks for more of one user, so that nobody keeps the others waiting for long. */
const MAX_BATCHES = 20
const FIRST_WAIT_MS = 30_000
const LONGEST_WAIT_MS = 3_600_000
/** A service may ask for more than our own longest wait, not for ever. */
const LONGEST_ASKED_MS = 24 * 3_600_000
const MISCONFIGURED_WAIT_MS = 3_600_000

interface Pause {
  readonly until: number
  readonly failures: number
}

/** Sends what waits, batch by batch, and waits longer from failure to failure. A play leaves the queue when it was taken. */
export class Delivery {
  readonly #options: DeliveryOptions
  /** By link, and by service for what concerns all of its users. Forgotten by a restart, which tries at once. */
  readonly #pauses = new Map<string, Pause>()
  #running: Promise<void> | undefined

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** One run at a time; a call meanwhile joins it. Never rejects for what a service does. */
  run(signal: AbortSignal): Promise<void> {
    this.#running ??= this.#runAll(signal).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Whether this link, or its whole service, is to be left in peace now. */
  isPaused({ userId, service }: Pick<Link, 'userId' | 'service'>): boolean {
    const now = this.#options.now()
    return [service, `${service} ${userId}`].some((key) => (this.#pauses.get(key)?.until ?? 0) > now)
  }

  /** After a new link: what was wrong with the old one counts no more. */
  forget({ userId, service }: Pick<Link, 'userId' | 'service'>): void {
    this.#pauses.delete(`${service} ${userId}`)
  }

  async #runAll(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#options.services.values()].map((service) => this.#runService(service, signal)))
  }

  async #runService(service: Service, signal: AbortSignal): Promise<void> {
    for (const link of await this.#options.store.due(service.id)) {
      if (signal.aborted) return
      if (!this.isPaused(link)) await this.#runLink(service, link, signal)
    }
  }

  async #runLink(service: Service, link: Link, signal: AbortSignal): Promise<void> {
    for (let batch = 0; batch < MAX_BATCHES && !signal.aborted; batch++) {
      const waiting = await this.#options.store.next(link, service.batch)
      if (waiting.length === 0 || !(await this.#send(service, { link, waiting, signal }))) return
    }
  }

  /** @returns whether the next batch may follow at once. */
  async #send(
    service: Service,
    job: { readonly link: Link; readonly waiting: readonly Waiting[]; readonly signal: AbortSignal },
  ): Promise<boolean> {
    const { link, waiting, signal } = job
    const plays = waiting.map(({ play }) => play)
    const outcome = await service.submit(link.secret, plays, signal)
    if (signal.aborted && outcome.kind !== 'accepted') return false
    switch (outcome.kind) {
      case 'accepted':
        return this.#accepted(service, link, { waiting, outcome })
      case 'refused':
        // One bad play spoils its batch: alone it is found, and only it goes.
        if (waiting.length > 1) return this.#sendAlone(service, job)
        await this.#options.store.done(link, waiting, { refused: true, now: this.#options.now() })
        return true
      case 'unlinked':
        await this.#options.store.setProblem(link, outcome.reason || 'the service refused the token')
        this.#options.onUnlinked(link, service, outcome.reason)
        return false
      case 'misconfigured':
        this.#pauses.set(service.id, { until: this.#options.now() + MISCONFIGURED_WAIT_MS, failures: 0 })
        this.#options.onMisconfigured(service, outcome.reason)
        return false
      case 'later':
        this.#postpone(service, link, outcome)
        return false
    }
  }

  async #accepted(
    { id }: Service,
    link: Link,
    { waiting, outcome }: { readonly waiting: readonly Waiting[]; readonly outcome: Outcome & { kind: 'accepted' } },
  ): Promise<boolean> {
    const left = new Set(outcome.left)
    const taken = waiting.filter((_, index) => !left.has(index))
    await this.#options.store.done(link, taken, { refused: false, now: this.#options.now() })
    this.#pauses.delete(`${id} ${link.userId}`)
    if (left.size === 0) return true
    const until = this.#options.now() + (outcome.waitMs ?? FIRST_WAIT_MS)
    this.#pauses.set(`${id} ${link.userId}`, { until, failures: 0 })
    return false
  }

  async #sendAlone(
    service: Service,
    job: { readonly link: Link; readonly waiting: readonly Waiting[]; readonly signal: AbortSignal },
  ): Promise<boolean> {
    for (const one of job.waiting) if (!(await this.#send(service, { ...job, waiting: [one] }))) return false
    return true
  }

  /** The wait doubles from failure to failure, with some chance in it; what the service asks for counts when it is longer. */
  #postpone(service: Service, link: Link, outcome: Outcome & { kind: 'later' }): void {
    const key = `${service.id} ${link.userId}`
    const failures = (this.#pauses.get(key)?.failures ?? 0) + 1
    const own = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS) * (1 + Math.random() * 0.2)
    const waitMs = Math.round(Math.max(own, Math.min(outcome.waitMs ?? 0, LONGEST_ASKED_MS)))
    this.#pauses.set(key, { until: this.#options.now() + waitMs, failures })
    this.#options.onTrouble(service, outcome.reason, waitMs)
  }
}
