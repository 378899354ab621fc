/** One JSON line a figure, as they come. */
export function figure(name: string, value: number, unit: string): void {
  process.stdout.write(`${JSON.stringify({ name, value: Number(value.toPrecision(4)), unit })}\n`)
}

const begun = performance.now()

/** What is being done, for who waits: on stderr, so that the figures stay lines of JSON. */
export function progress(text: string): void {
  const seconds = ((performance.now() - begun) / 1000).toFixed(0).padStart(4)
  process.stderr.write(`${seconds} s  ${text}\n`)
}

/** Ends a wait for something that does not come: a bench that hangs tells less than one that failed. */
export async function within<T>(minutes: number, what: string, work: () => Promise<T>): Promise<T> {
  let late: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    late = setTimeout(() => reject(new Error(`${what} took longer than ${minutes} minutes`)), minutes * 60_000)
  })
  try {
    return await Promise.race([work(), tooLate])
  } finally {
    clearTimeout(late)
  }
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** `share` from 0 to 1. NaN without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const MIB = 1024 * 1024
