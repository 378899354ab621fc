import { claim } from '../containment/attribution.ts'
import type { Generation } from '../host/generation.ts'

// biome-ignore lint/suspicious/noExplicitAny: methods of any facade
type Methods = Readonly<Record<string, (...values: any[]) => Promise<unknown>>>

/**
 * The methods, each begun after the caller's synchronous slice: a set-up that is stopped for an endless loop must not be
 * stopped inside SQLite. After the generation's end they refuse.
 */
export function deferred<T extends { readonly [K in keyof T]: Methods[string] }>(generation: Generation, facade: T): T {
  const methods = Object.entries(facade as Methods).map(([name, method]) => [
    name,
    async (...values: unknown[]) => {
      await undefined
      try {
        generation.assertOpen()
        return await method(...values)
      } catch (error) {
        // Should nobody await it.
        claim(error, generation.plugin)
        throw error
      }
    },
  ])
  return Object.freeze(Object.fromEntries(methods)) as T
}
