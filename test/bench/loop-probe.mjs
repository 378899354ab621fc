// Loaded into a server that is measured: how long its loop stood still. At SIGWINCH it writes to LOOP_PROBE_FILE the longest
// times since the last such signal, in milliseconds: without what it waited for a processor, and on the processor alone.
// Both are the plain time where Linux does not tell.
import { readFileSync, writeFileSync } from 'node:fs'

if (process.argv[1]?.endsWith('main.mjs') && process.env.LOOP_PROBE_FILE) {
  /** Milliseconds of the main thread so far: on a processor, and waiting for one. */
  const spent = () => {
    try {
      const [on = 0, waiting = 0] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1')
        .split(' ')
        .map(Number)
      return { on: on / 1e6, waiting: waiting / 1e6 }
    } catch {
      return { on: performance.now(), waiting: 0 }
    }
  }
  let longest = { pause: 0, processor: 0 }
  let last = { at: performance.now(), ...spent() }
  const look = () => {
    const now = { at: performance.now(), ...spent() }
    longest = {
      pause: Math.max(longest.pause, now.at - last.at - (now.waiting - last.waiting)),
      processor: Math.max(longest.processor, now.on - last.on),
    }
    last = now
  }
  setInterval(look, 2).unref()
  process.on('SIGWINCH', () => {
    look()
    writeFileSync(process.env.LOOP_PROBE_FILE, JSON.stringify(longest))
    longest = { pause: 0, processor: 0 }
  })
}
