import { AppError } from '../../base/errors.ts'
import type { Settings } from '../api/storage-api.ts'
import type { Generation } from '../host/generation.ts'
import { deferred } from './deferred.ts'

/** Where a plugin's settings are kept: JSON texts by key. */
export interface SettingStore {
  get(plugin: string, key: string): string | undefined
  set(plugin: string, key: string, value: string): void
}

const MAX_BYTES = 64 * 1024
const MAX_KEY = 200

/** `changed` tells the listeners of the plugin's running generation, the caller's included. */
export function createSettingsFacade(
  generation: Generation,
  store: SettingStore,
  changed: (key: string, value: unknown) => void,
): Settings {
  const { get, set } = deferred(generation, {
    async get<T>(key: string, fallback: T) {
      const text = store.get(generation.plugin, checkedKey(key))
      return text === undefined ? fallback : (JSON.parse(text) as T)
    },
    async set(key: string, value: unknown) {
      const text = JSON.stringify(value)
      if (text === undefined) throw new AppError('BAD_REQUEST', `the setting ${key} is nothing that JSON can hold`)
      if (Buffer.byteLength(text) > MAX_BYTES)
        throw new AppError('PAYLOAD_TOO_LARGE', `the setting ${key} is larger than ${MAX_BYTES} bytes`)
      store.set(generation.plugin, checkedKey(key), text)
      changed(key, JSON.parse(text))
    },
  })
  return Object.freeze({
    get,
    set,
    onChange(key: string, listener: (value: unknown) => void) {
      generation.assertOpen()
      return generation.registrations.add('setting', { key, listener })
    },
  })
}

function checkedKey(key: unknown): string {
  if (typeof key === 'string' && key !== '' && key.length <= MAX_KEY) return key
  throw new AppError('BAD_REQUEST', `a setting's key is a text of 1 to ${MAX_KEY} characters`)
}
