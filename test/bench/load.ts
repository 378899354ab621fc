import { connect } from 'node:net'

/** An answer that takes longer will not come. */
const PATIENCE_MS = 60_000

export interface LoadResult {
  readonly requests: number
  readonly requestsPerSecond: number
  /** Milliseconds of each request, at most 100,000 of them. */
  readonly latencies: readonly number[]
}

/**
 * Keep-alive connections that each ask for the same URL again and again, for a bounded time. Raw sockets and a parser
 * that only looks for the length: the generator must not be what is measured. Answers need a Content-Length.
 */
export async function load(
  url: string,
  options: { readonly connections: number; readonly seconds: number },
): Promise<LoadResult> {
  const { hostname, port, pathname, search } = new URL(url)
  const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`
  const latencies: number[] = []
  let done = 0
  const end = performance.now() + options.seconds * 1000
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname)
      let wanted = -1
      let received = 0
      let head = ''
      let started = 0
      const send = () => {
        if (performance.now() >= end) {
          resolve()
          socket.destroy()
          return
        }
        wanted = -1
        received = 0
        head = ''
        started = performance.now()
        socket.write(request)
      }
      socket.setNoDelay(true)
      socket.on('connect', send)
      socket.on('error', reject)
      socket.on('close', () => reject(new Error('the server closed the connection')))
      const late = setTimeout(() => socket.destroy(new Error('no answer')), options.seconds * 1000 + PATIENCE_MS)
      socket.on('close', () => clearTimeout(late))
      socket.on('data', (chunk) => {
        if (wanted < 0) {
          head += chunk.toString('latin1')
          const at = head.indexOf('\r\n\r\n')
          if (at < 0) return
          const length = /content-length: *(\d+)/i.exec(head)
          if (!length || !head.startsWith('HTTP/1.1 200'))
            return void socket.destroy(new Error(`unexpected answer: ${head.slice(0, 200)}`))
          wanted = Number(length[1])
          received = head.length - at - 4
        } else received += chunk.length
        if (received < wanted) return
        done++
        if (latencies.length < 100_000) latencies.push(performance.now() - started)
        send()
      })
    })
  const begun = performance.now()
  await Promise.all(Array.from({ length: options.connections }, one))
  return { requests: done, requestsPerSecond: done / ((performance.now() - begun) / 1000), latencies }
}
