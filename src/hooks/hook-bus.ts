import type { AccessScope } from '../base/access-scope.ts'
import type { HookInput, HookName, HookNameOf, HookOutput } from './hooks.ts'
import type { Verdict } from './kinds.ts'

/**
 * What core rooms call. Each method takes only hooks of its kind. Runners are synchronous until a handler returns a
 * promise; a hook that nobody listens to costs a property read.
 */
export interface HookBus {
  /** False lets the caller skip making the payload. */
  has(name: HookName): boolean
  /** Whether a plugin has a handler there now. */
  isAnsweredBy(name: HookName, plugin: string): boolean
  /** A gate that refuses everything, since a plugin that holds it should run and does not. */
  isShut(name: HookName): boolean
  observe<N extends HookNameOf<'observe'>>(name: N, input: HookInput<N>): void
  guard<N extends HookNameOf<'guard'>>(name: N, input: HookInput<N>): Verdict | Promise<Verdict>
  /** The intersection of all answers; undefined when nobody listens (the caller's own rule stands). */
  narrow<N extends HookNameOf<'narrow'>>(
    name: N,
    input: HookInput<N>,
  ): AccessScope | undefined | Promise<AccessScope | undefined>
  transform<N extends HookNameOf<'transform'>>(name: N, input: HookInput<N>): HookInput<N> | Promise<HookInput<N>>
  provide<N extends HookNameOf<'provide'>>(name: N, input: HookInput<N>): HookOutput<N> | Promise<HookOutput<N>>
  collect<N extends HookNameOf<'collect'>>(name: N, input: HookInput<N>): HookOutput<N> | Promise<HookOutput<N>>
}
