import { readdirSync, readFileSync } from 'node:fs'

/** Bytes that a process and all below it hold; what several share counts once. 0 for one that is gone. */
export function treeBytes(pid: number): number {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim().split(' ').filter(Boolean),
    )
    const own = Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0) * 1024
    return children.reduce((sum, child) => sum + treeBytes(Number(child)), own)
  } catch {
    return 0
  }
}

/** Looks again and again until `end`, which answers the most that all processes held together. */
export function watchTree(pid: number, everyMs = 100): { end(): number } {
  let most = 0
  const timer = setInterval(() => {
    most = Math.max(most, treeBytes(pid))
  }, everyMs)
  return {
    end() {
      clearInterval(timer)
      return most
    },
  }
}
