import { readFileSync, readlinkSync } from 'node:fs'
import { systemErrorCode } from '../base/errors.ts'

/** Enough to tell whether a process of the past still lives. Empty texts where the system doesn't tell (no /proc). */
export interface ProcessIdentity {
  readonly pid: number
  /** Changes with each boot: after a power cut nobody lives. */
  readonly bootId: string
  /** Clock ticks after the boot; a reused pid has another. */
  readonly startedAt: string
  /** Pids mean something only inside their namespace (containers). */
  readonly namespace: string
}

export function identity(): ProcessIdentity {
  return {
    pid: process.pid,
    bootId: text('/proc/sys/kernel/random/boot_id'),
    startedAt: startOf(process.pid),
    namespace: ownNamespace(),
  }
}

/** `answers` is asked when the pid can't be judged from here: the owner may live in another container. */
export function isAlive(owner: ProcessIdentity, answers: () => boolean): boolean {
  const here = identity()
  if (owner.bootId !== here.bootId) return false
  if (owner.namespace !== here.namespace) return answers()
  if (owner.pid === process.pid) return owner.startedAt === here.startedAt
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return false
  }
  return owner.startedAt === startOf(owner.pid)
}

/**
 * Field 22 of /proc/<pid>/stat; the second field is a name in brackets that may hold anything. Empty for one that has ended
 * and waits until its parent takes notice, as who adopts the orphans of a container may do late.
 */
function startOf(pid: number): string {
  const stat = text(`/proc/${pid}/stat`)
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === 'Z' || state === 'X' ? '' : (rest.at(18) ?? '')
}

function ownNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}
