/** The same seed gives the same order, whatever comes and goes between: each id has its place by the seed alone. */
export function shuffledBy(ids: Int32Array, seed: string): Int32Array {
  const start = hashOf(seed)
  // The place above, the id below, as one number that sorts quickly: 31 bits of an id leave 22 for the place.
  const places = Float64Array.from(ids, (id) => (mix(start ^ id) >>> 10) * 2 ** 31 + id)
  places.sort()
  return Int32Array.from(places, (place) => place % 2 ** 31)
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return mix(hash)
}

/** Each bit of the number moves half of the bits. */
function mix(number: number): number {
  let mixed = number
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
