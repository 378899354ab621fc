import { AppError } from '../../base/errors.ts'
import type { EventBus } from '../api/hook-api.ts'
import { outsideWatch } from '../containment/sync-watch.ts'
import type { Generation } from '../host/generation.ts'

/** Delivers a plugin's event to whoever listens in the tables of now. */
export type EventSink = (event: string, payload: unknown) => void

export function createEventFacade(generation: Generation, deliver: EventSink): EventBus {
  return {
    emit(name, payload) {
      if (!String(name).startsWith(`${generation.plugin}.`)) {
        throw new AppError(
          'PERMISSION_DENIED',
          `${generation.plugin} may only emit events that begin with '${generation.plugin}.'`,
        )
      }
      // A generation that is being set up is not there yet, one that has ended is gone.
      if (generation.state !== 'live' && generation.state !== 'draining') return
      const copy: unknown = structuredClone(payload)
      outsideWatch(() => deliver(name, copy))
    },
    on(name, listener) {
      generation.assertOpen()
      return generation.registrations.add('listener', { event: name, listener: listener as never })
    },
  }
}
