import { AppError } from '../../base/errors.ts'
import type { Notification, Notify } from '../api/notify-api.ts'
import { outsideWatch } from '../containment/sync-watch.ts'
import type { Generation } from '../host/generation.ts'

export function createNotifyFacade(generation: Generation, send: (notification: Notification) => void): Notify {
  return {
    send(notification) {
      generation.assertOpen()
      const { topic, title, body, level, userId, data } = notification
      if (typeof topic !== 'string' || typeof title !== 'string')
        throw new AppError('BAD_REQUEST', 'a notification has a topic and a title')
      const copy: Notification = {
        topic,
        title,
        ...(typeof body === 'string' ? { body } : {}),
        ...(level === 'info' || level === 'warn' || level === 'error' ? { level } : {}),
        ...(typeof userId === 'string' ? { userId } : {}),
        ...(typeof data === 'object' && data !== null ? { data } : {}),
      }
      outsideWatch(() => send(copy))
    },
    channel(name, deliver, options = {}) {
      generation.assertOpen()
      return generation.registrations.add('channel', {
        name: `${generation.plugin}.${name}`,
        durable: options.durable === true,
        deliver,
      })
    },
  }
}
