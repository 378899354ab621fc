import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessMemory {
  readonly rssBytes: number
  /** What only this process holds and has written: what stopping it would give back. */
  readonly privateDirtyBytes: number
}

export function memoryOf(pid: number): ProcessMemory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const bytes = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN) * 1024
  return { rssBytes: bytes('Rss'), privateDirtyBytes: bytes('Private_Dirty') }
}

/** Bytes that the process has caused to be written to storage since its start. */
export function bytesWritten(pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? Number.NaN)
}

/** Seconds of processor time, in user and kernel mode, that the process has used since its start. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  // Fields 14 and 15 of proc(5), in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** The same of a process and all below it, also of children that have ended since. */
export function treeCpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim().split(' ').filter(Boolean),
    )
    return children.reduce((sum, child) => sum + treeCpuSeconds(Number(child)), own)
  } catch {
    return 0
  }
}
