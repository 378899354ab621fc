import type { Disposable } from './disposable-api.ts'

/** A run never overlaps itself; starts after the swap, stops before the drain. */
export interface Scheduler {
  /** Again and again, up to `jitterMs` later each time. */
  every(ms: number, task: Task, options?: { readonly jitterMs?: number }): Disposable
  /** Five fields, server's time zone. */
  cron(expression: string, task: Task): Disposable
  /** Once. */
  after(ms: number, task: Task): Disposable
}

export type Task = (run: { readonly signal: AbortSignal }) => void | Promise<void>
