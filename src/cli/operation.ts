import type { Static, TSchema } from 'typebox'
import type { Core } from '../core.ts'

/** What commands do, in the server or, when none runs, in the command's own process. */
export interface Operation<S extends TSchema, Result> {
  readonly input: S
  readonly run: (core: Core, input: Static<S>, progress: (value: unknown) => void) => Result | Promise<Result>
}

export function operation<S extends TSchema, Result>(input: S, run: Operation<S, Result>['run']): Operation<S, Result> {
  return { input, run }
}
