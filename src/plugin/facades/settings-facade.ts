import { AppError } from '../../base/errors.ts'
import type { Settings } from '../api.ts'
import type { Generation } from '../generation.ts'

/** Where a plugin's settings are kept: JSON texts by key. */
export interface SettingStore {
  get(plugin: string, key: string): string | undefined
  set(plugin: string, key: string, value: string): void
}

const MAX_BYTES = 64 * 1024

/** `changed` tells the listeners of all generations of the plugin, the caller's included. */
export function createSettingsFacade(
  generation: Generation,
  store: SettingStore,
  changed: (key: string, value: unknown) => void,
): Settings {
  return {
    async get<T>(key: string, fallback: T) {
      const text = store.get(generation.plugin, key)
      return text === undefined ? fallback : (JSON.parse(text) as T)
    },
    async set(key, value) {
      const text = JSON.stringify(value)
      if (text === undefined) throw new AppError('BAD_REQUEST', `the setting ${key} is nothing that JSON can hold`)
      if (Buffer.byteLength(text) > MAX_BYTES)
        throw new AppError('PAYLOAD_TOO_LARGE', `the setting ${key} is larger than ${MAX_BYTES} bytes`)
      store.set(generation.plugin, key, text)
      changed(key, JSON.parse(text))
    },
    onChange(key, listener) {
      generation.assertOpen()
      return generation.registrations.add('setting', { key, listener })
    },
  }
}
