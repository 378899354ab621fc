import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/**
 * Its own thread, since SQLite keeps the main one busy until it has done. The pipe ends however the parent ended. A
 * string, because a thread from a file would load what this process loads, through the same loaders.
 */
const WATCH = `
  const { rmSync } = require('node:fs')
  const { Socket } = require('node:net')
  const { workerData } = require('node:worker_threads')
  const end = () => {
    try {
      rmSync(workerData, { recursive: true, force: true })
    } finally {
      process.kill(process.pid, 'SIGKILL')
    }
  }
  new Socket({ fd: 0, readable: true, writable: false }).on('error', end).on('close', end).resume()
`

/**
 * From when it resolves, this process ends when the other end of its standard input does, whatever the main thread is at;
 * `folder` is removed then. Keeps the process from no end of its own.
 */
export async function endWithParent(folder: string): Promise<void> {
  const watch = new Worker(WATCH, { eval: true, execArgv: [], workerData: folder })
  await once(watch, 'online')
  watch.unref()
}
