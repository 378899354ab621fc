import type { Generation } from '../host/generation.ts'

/** A contained call into a generation; rejects when it failed, which has been reported then. */
export type ContainedCall = (generation: Generation, what: string, work: () => void | Promise<void>) => Promise<void>

/** Gives an event to every listener of the live generations, each alone and with its own copy, after the emitting call. */
export function deliverEvent(
  generations: readonly Generation[],
  event: string,
  payload: unknown,
  call: ContainedCall,
): void {
  for (const generation of generations) {
    for (const entry of generation.registrations.all('listener')) {
      if (entry.event !== event) continue
      const copy = structuredClone(payload)
      const work = () => (entry.listener as (value: unknown) => void | Promise<void>)(copy)
      queueMicrotask(() => void call(generation, `event ${event}`, work).catch(() => {}))
    }
  }
}

/** Tells a plugin's own listeners that one of its settings changed. */
export function tellSetting(generation: Generation, key: string, value: unknown, call: ContainedCall): void {
  for (const entry of generation.registrations.all('setting')) {
    if (entry.key !== key) continue
    void call(generation, `setting ${key}`, () => entry.listener(structuredClone(value))).catch(() => {})
  }
}
