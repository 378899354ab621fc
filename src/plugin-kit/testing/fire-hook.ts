import type { HookDispatcher } from '../../hooks/hook-dispatcher.ts'
import { HOOK_KINDS, type HookInput, type HookName } from '../../hooks/hooks.ts'
import type { HandlerOutput } from '../../plugin/api/hook-api.ts'
import { toPublicScope } from '../../plugin/facades/hook-facade.ts'

/** Fires a hook by its kind. Scopes come back with public ids; a hook that nobody narrows answers everything. */
export async function fireHook<N extends HookName>(
  hooks: HookDispatcher,
  name: N,
  input: HookInput<N>,
): Promise<HandlerOutput<N>> {
  const given = input as never
  const hook = name as never
  switch (HOOK_KINDS[name]) {
    case 'observe':
      hooks.observe(hook, given)
      return undefined as HandlerOutput<N>
    case 'guard':
      return (await hooks.guard(hook, given)) as HandlerOutput<N>
    case 'narrow': {
      const scope = await hooks.narrow(hook, given)
      return (scope ? toPublicScope(scope) : { libraries: 'all' }) as HandlerOutput<N>
    }
    case 'transform':
      return (await hooks.transform(hook, given)) as HandlerOutput<N>
    case 'provide':
      return (await hooks.provide(hook, given)) as HandlerOutput<N>
    case 'collect':
      return (await hooks.collect(hook, given)) as HandlerOutput<N>
    default:
      throw new TypeError(`there is no hook named ${name}`)
  }
}
