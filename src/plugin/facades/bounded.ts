/** Plugins may not be type-checked: anything but a whole number from 0 on counts as `most`. */
export function bounded(value: number | undefined, most: number): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? Math.min(value as number, most) : most
}
