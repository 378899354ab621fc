import { freezeDeep } from './freeze-deep.ts'
import { acceptAnswer, acceptVerdict } from './hook-answers.ts'
import { type Callee, FAILED, type HookCaller, isThenable, type Outcome } from './hook-caller.ts'
import { ALLOW, type Verdict } from './kinds.ts'

/** What a step makes of one handler's outcome: the next value for the following handler, or the end. */
type Step<V, T> = (value: V, outcome: Outcome<T>) => { readonly done: boolean; readonly value: V }

interface Series<V, T> {
  readonly ask: (callee: Callee, value: V) => Outcome<T> | Promise<Outcome<T>>
  readonly step: Step<V, T>
}

/**
 * One handler after the other, synchronously for as long as they answer so. Once one makes us wait, the generations
 * that are still to be asked are held by leases: they must not be disposed between two of our steps.
 */
function inOrder<V, T>(
  caller: HookCaller,
  callees: readonly Callee[],
  start: V,
  { ask, step }: Series<V, T>,
): V | Promise<V> {
  let value = start
  for (let index = 0; index < callees.length; index++) {
    const outcome = ask(callees[index] as Callee, value)
    if (isThenable(outcome)) return waiting(value, outcome as Promise<Outcome<T>>, index + 1)
    const next = step(value, outcome)
    value = next.value
    if (next.done) break
  }
  return value

  async function waiting(reached: V, first: Promise<Outcome<T>>, rest: number): Promise<V> {
    const release = callees.slice(rest).map((callee) => caller.hold(callee.state.owner))
    try {
      let next = step(reached, await first)
      for (let index = rest; index < callees.length && !next.done; index++) {
        next = step(next.value, await ask(callees[index] as Callee, next.value))
      }
      return next.value
    } finally {
      for (const leave of release) leave()
    }
  }
}

/** A gate that could not be asked. Says nothing of the cause: that stands in the log. */
const UNANSWERED: Verdict = Object.freeze({
  allow: false,
  reason: 'A rule of this server could not be checked, so this is refused. Try again; if it stays, tell the admin.',
})

export function runGuard(caller: HookCaller, callees: readonly Callee[], input: unknown): Verdict | Promise<Verdict> {
  return inOrder<Verdict, Verdict>(caller, callees, ALLOW, {
    ask: (callee) => caller.call(callee, input, acceptVerdict),
    step: (_, outcome) => {
      const verdict = outcome === FAILED ? UNANSWERED : outcome
      return { done: !verdict.allow, value: verdict }
    },
  })
}

export function runTransform(caller: HookCaller, callees: readonly Callee[], input: unknown): unknown {
  return inOrder<unknown, unknown>(caller, callees, input, {
    ask: (callee, value) => caller.call(callee, value, (answer) => acceptAnswer(callee.hook, answer, value)),
    step: (value, outcome) => ({
      done: false,
      value: outcome === FAILED || outcome === undefined ? value : freezeDeep(outcome),
    }),
  })
}

export function runProvide(caller: HookCaller, callees: readonly Callee[], input: unknown): unknown {
  return inOrder<unknown, unknown>(caller, callees, undefined, {
    ask: (callee) => caller.call(callee, input, (answer) => acceptAnswer(callee.hook, answer, input)),
    step: (_, outcome) =>
      outcome === FAILED || outcome === undefined ? { done: false, value: undefined } : { done: true, value: outcome },
  })
}
