import { closeSync, openSync, readFileSync } from 'node:fs'

/** How many files and sockets this process may have open at a time (`ulimit -n`); undefined where that can't be asked. */
export function descriptorLimit(): number | undefined {
  try {
    return readLimit(readFileSync('/proc/self/limits', 'latin1'))
  } catch {
    return undefined
  }
}

/** The line of `/proc/self/limits`: `Max open files  1024  524288  files`, the one in force first. */
export function readLimit(limits: string): number | undefined {
  const found = /^Max open files +(\d+|unlimited) /m.exec(limits)?.[1]
  return found === undefined ? undefined : found === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found)
}

/**
 * Whether so many more can be opened, found out by doing it. For calls in which Node ends the process when it can't have
 * them: what loops need of their own (`vm` with a time limit, `spawnSync`).
 */
export function hasDescriptors(count: number): boolean {
  const opened: number[] = []
  try {
    while (opened.length < count) opened.push(openSync('/dev/null', 'r'))
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    // Where there is no such file nothing is known.
    return code !== 'EMFILE' && code !== 'ENFILE'
  } finally {
    for (const fd of opened) closeSync(fd)
  }
}
