import type { Generation } from './generation.ts'
import type { TaskRegistration } from './registrations.ts'

/** Starts the schedules of a generation that has just gone live, and those it adds later. @returns what stops them all. */
export function startTasks(generation: Generation): () => void {
  const running = new Map<TaskRegistration, () => void>()
  const follow = () => {
    const wanted = generation.registrations.all('task')
    for (const [task, stop] of running) {
      if (wanted.has(task)) continue
      stop()
      running.delete(task)
    }
    for (const task of wanted) if (!running.has(task)) running.set(task, task.start())
  }
  follow()
  const detach = generation.registrations.alsoWhenChanged(follow)
  return () => {
    detach()
    for (const stop of running.values()) stop()
    running.clear()
  }
}
