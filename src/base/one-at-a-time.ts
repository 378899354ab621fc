/**
 * Work of which one run goes on at a time: asked for meanwhile, it runs once more, for all who asked.
 * @returns what asks for it. Resolves when a run that began after the asking has ended; rejects as that run does.
 */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const start = () => {
    running = work().finally(() => {
      running = undefined
    })
    return running
  }
  return () => {
    if (!running && !next) return start()
    next ??= (running as Promise<void>)
      .catch(() => {})
      .then(() => {
        next = undefined
        return start()
      })
    return next
  }
}
