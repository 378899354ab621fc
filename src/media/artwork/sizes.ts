/** Nobody needs more, and nobody gets more whatever is asked. */
const MAX_EDGE = 2000

/**
 * The edge that is made for a wanted size: never more than asked, and a few hundred different ones at most, so that a
 * client that asks for every size fills neither queue nor disk. Small and everyday sizes (to 64, multiples of 10 and of 16) are exact.
 * @returns undefined for the original: no size, or one that is no size (0, negative, not a number).
 */
export function edgeFor(size: number | undefined): number | undefined {
  if (size === undefined || !(size >= 1)) return undefined
  const wanted = Math.min(Math.trunc(size), MAX_EDGE)
  return wanted <= 64 ? wanted : Math.max(wanted - (wanted % 10), wanted - (wanted % 16))
}
