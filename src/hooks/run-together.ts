import { type AccessScope, EMPTY_SCOPE, intersectScopes } from '../base/access-scope.ts'
import { acceptAnswer, acceptScope } from './hook-answers.ts'
import { type Callee, FAILED, type HookCaller, isThenable, type Outcome } from './hook-caller.ts'

/** Asks all at once; a promise comes out only if one of them made one. */
function together<T>(
  callees: readonly Callee[],
  ask: (callee: Callee) => Outcome<T> | Promise<Outcome<T>>,
): readonly Outcome<T>[] | Promise<readonly Outcome<T>[]> {
  const outcomes = callees.map(ask)
  return outcomes.some(isThenable) ? Promise.all(outcomes) : (outcomes as Outcome<T>[])
}

export function runNarrow(
  caller: HookCaller,
  callees: readonly Callee[],
  input: unknown,
): AccessScope | Promise<AccessScope> {
  const scopes = together<AccessScope>(callees, (callee) => caller.call(callee, input, acceptScope))
  return scopes instanceof Promise ? scopes.then(intersection) : intersection(scopes)
}

function intersection(scopes: readonly Outcome<AccessScope>[]): AccessScope {
  let visible: AccessScope = { libraries: 'all' }
  for (const scope of scopes) {
    if (scope === FAILED) return EMPTY_SCOPE
    visible = intersectScopes(visible, scope)
  }
  return visible
}

export function runCollect(
  caller: HookCaller,
  callees: readonly Callee[],
  input: unknown,
): readonly unknown[] | Promise<readonly unknown[]> {
  const lists = together<unknown>(callees, (callee) =>
    caller.call(callee, input, (answer) => acceptAnswer(callee.hook, answer, input)),
  )
  return lists instanceof Promise ? lists.then(union) : union(lists)
}

function union(lists: readonly Outcome<unknown>[]): readonly unknown[] {
  const all = new Set<unknown>()
  for (const list of lists) {
    if (list === FAILED || list === undefined) continue
    for (const item of list as readonly unknown[]) all.add(item)
  }
  return [...all]
}
