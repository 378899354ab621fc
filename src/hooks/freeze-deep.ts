/**
 * Makes plain data read-only, so that one handler can't change what the next one, or the core, sees. Typed arrays can't
 * be frozen and are left alone. What is frozen already is taken to be frozen to the bottom.
 */
export function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value
  Object.freeze(value)
  for (const name in value) {
    const inner = value[name]
    if (typeof inner === 'object') freezeDeep(inner)
  }
  return value
}
