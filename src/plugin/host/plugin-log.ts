import type { Logger } from '../../log/logger.ts'
import type { PluginLogger } from '../api/plugin-api.ts'
import { outsideWatch } from '../containment/sync-watch.ts'

/** Lines of one watched slice; an endless loop that logs must fill neither the disk nor our memory. */
const MAX_WAITING = 100

/** A plugin's log. In a watched slice lines wait for its end: a line that is being written must not be cut. */
export function createPluginLog(log: Logger): PluginLogger {
  let waiting = 0
  let lost = 0
  const line = (level: keyof PluginLogger) => (message: string, fields?: object) => {
    if (waiting >= MAX_WAITING) {
      lost++
      return
    }
    waiting++
    const copy = { ...fields }
    outsideWatch(() => {
      waiting--
      log[level](String(message), copy)
      if (waiting > 0 || lost === 0) return
      log.warn('log lines lost: too many at once', { lost })
      lost = 0
    })
  }
  return Object.freeze({ debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') })
}
