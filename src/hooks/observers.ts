import { type Callee, type HookCaller, isThenable } from './hook-caller.ts'
import type { HookName } from './hooks.ts'
import type { OwnerState } from './owner-state.ts'

/** Events that may wait for one owner, over all its handlers. */
export const MAX_QUEUED = 1000
/** What goes first when a queue is full: there will be a newer one soon. */
const FLEETING: ReadonlySet<HookName> = new Set(['playback.progress', 'scan.progress'])
/** Milliseconds that synchronous observers may keep the loop before requests get their turn. */
const SLICE_MS = 8

/** The events of one handler: delivered in order, the next when the one before is done. */
interface Lane {
  readonly callee: Callee
  readonly events: unknown[]
  busy: boolean
}

/** One owner's lanes that hold events, and the lease that lasts as long as there are any. */
interface Backlog {
  readonly lanes: Set<Lane>
  release: () => void
}

/**
 * Delivers observed events after the caller has gone on: handlers beside one another, the events of each in order. A
 * slow handler fills only its own owner's queue.
 */
export class Observers {
  readonly #caller: HookCaller
  readonly #now: () => number
  readonly #lanes = new WeakMap<Callee, Lane>()
  readonly #backlogs = new Map<OwnerState, Backlog>()
  readonly #ready = new Set<Lane>()
  readonly #waiters = new Set<() => void>()
  #open = 0
  #scheduled = false

  constructor(caller: HookCaller, now: () => number) {
    this.#caller = caller
    this.#now = now
  }

  push(callee: Callee, event: unknown): void {
    const { state } = callee
    if (state.owner.signal?.aborted) {
      state.dropped++
      return
    }
    const backlog = this.#backlogOf(state)
    if (state.queued >= MAX_QUEUED && !this.#makeRoom(backlog, callee)) return
    const lane = this.#laneOf(callee)
    lane.events.push(event)
    backlog.lanes.add(lane)
    state.queued++
    this.#open++
    if (!lane.busy) this.#wake(lane)
  }

  /** True when everything observed so far, and what follows from it, was delivered within `ms`. */
  settled(ms: number): Promise<boolean> {
    if (this.#open === 0) return Promise.resolve(true)
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#waiters.delete(done)
        resolve(true)
      }
      const timer = setTimeout(() => {
        this.#waiters.delete(done)
        resolve(false)
      }, ms)
      this.#waiters.add(done)
    })
  }

  #laneOf(callee: Callee): Lane {
    const known = this.#lanes.get(callee)
    if (known) return known
    const lane: Lane = { callee, events: [], busy: false }
    this.#lanes.set(callee, lane)
    return lane
  }

  #backlogOf(state: OwnerState): Backlog {
    const known = this.#backlogs.get(state)
    if (known) return known
    const backlog: Backlog = { lanes: new Set(), release: this.#caller.hold(state.owner) }
    this.#backlogs.set(state, backlog)
    state.onEnd = () => this.#dropAll(state, backlog)
    return backlog
  }

  /** @returns false when the new event is the one to lose. */
  #makeRoom(backlog: Backlog, incoming: Callee): boolean {
    incoming.state.dropped++
    let longest: Lane | undefined
    for (const lane of backlog.lanes) {
      if (FLEETING.has(lane.callee.hook)) return this.#lose(backlog, lane)
      if (!longest || lane.events.length > longest.events.length) longest = lane
    }
    if (FLEETING.has(incoming.hook) || !longest) return false
    return this.#lose(backlog, longest)
  }

  #lose(backlog: Backlog, lane: Lane): true {
    lane.events.shift()
    lane.callee.state.queued--
    this.#open--
    if (lane.events.length === 0) backlog.lanes.delete(lane)
    return true
  }

  #dropAll(state: OwnerState, backlog: Backlog): void {
    state.dropped += state.queued
    this.#open -= state.queued
    state.queued = 0
    for (const lane of backlog.lanes) lane.events.length = 0
    backlog.lanes.clear()
    this.#finish(state, backlog)
  }

  #finish(state: OwnerState, backlog: Backlog): void {
    if (this.#backlogs.get(state) === backlog && state.queued === 0) {
      this.#backlogs.delete(state)
      state.onEnd = undefined
      backlog.release()
    }
    if (this.#open === 0) for (const done of [...this.#waiters]) done()
  }

  #wake(lane: Lane): void {
    this.#ready.add(lane)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#deliver())
  }

  #deliver(): void {
    this.#scheduled = false
    const until = this.#now() + SLICE_MS
    for (const lane of this.#ready) {
      this.#ready.delete(lane)
      if (this.#next(lane)) this.#ready.add(lane)
      if (this.#now() >= until) break
    }
    if (this.#ready.size > 0) this.#schedule()
  }

  /** Delivers one event. @returns true when the lane can go on at once. */
  #next(lane: Lane): boolean {
    const { callee } = lane
    const { state } = callee
    if (lane.busy || lane.events.length === 0) return false
    const event = lane.events.shift()
    const backlog = this.#backlogs.get(state)
    state.queued--
    if (lane.events.length === 0) backlog?.lanes.delete(lane)
    const outcome = this.#caller.call(callee, event, () => undefined)
    const delivered = () => {
      this.#open--
      if (backlog) this.#finish(state, backlog)
    }
    if (!isThenable(outcome)) {
      delivered()
      return lane.events.length > 0
    }
    lane.busy = true
    if (backlog && state.queued === 0) this.#finish(state, backlog)
    void outcome.then(() => {
      lane.busy = false
      delivered()
      if (lane.events.length > 0) this.#wake(lane)
    })
    return false
  }
}
