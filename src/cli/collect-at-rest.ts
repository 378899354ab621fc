import { getHeapStatistics } from 'node:v8'

/** As often as uWebSockets.js wakes by itself. */
const LOOK_MS = 4000
/** Less new memory between two looks is rest. */
const QUIET_BYTES = 128 * 1024
/** Less garbage than this is not worth a collection. */
const WORTH_BYTES = 1 << 20
/** One frees what is unreachable, the next what V8 kept for one more round: together 5 of 80 MB after a scan and some browsing. */
const ROUNDS = 2

/**
 * Collects garbage when the server has come to rest: V8 does so by itself only after far more of it, and what a scan or an
 * evening of browsing left would stay until the next one. Needs `--expose-gc`; without it nothing happens.
 * @returns what ends it.
 */
export function collectAtRest(collect: (() => void) | undefined = takeCollector()): () => void {
  if (!collect) return () => {}
  let before = 0
  let afterCollection = 0
  let rounds = ROUNDS
  const look = () => {
    const used = getHeapStatistics().used_heap_size
    const isQuiet = Math.abs(used - before) < QUIET_BYTES
    before = used
    if (!isQuiet) return
    if (used - afterCollection > WORTH_BYTES) rounds = 0
    if (rounds >= ROUNDS) return
    rounds++
    collect()
    before = getHeapStatistics().used_heap_size
    afterCollection = before
  }
  const timer = setInterval(look, LOOK_MS).unref()
  return () => clearInterval(timer)
}

/** For this file alone: plugins run in the same process. */
function takeCollector(): (() => void) | undefined {
  const { gc } = globalThis
  Reflect.deleteProperty(globalThis, 'gc')
  return gc && (() => void gc())
}
