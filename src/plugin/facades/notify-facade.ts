import type { Notification, Notify } from '../api.ts'
import type { Generation } from '../generation.ts'

export function createNotifyFacade(generation: Generation, send: (notification: Notification) => void): Notify {
  return {
    send(notification) {
      generation.assertOpen()
      send(structuredClone(notification))
    },
    channel(name, deliver) {
      generation.assertOpen()
      return generation.registrations.add('channel', { name: `${generation.plugin}.${name}`, deliver })
    },
  }
}
