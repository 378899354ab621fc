import { connect } from 'node:net'

const FAILED = '"status":"failed"'
/** An answer that takes longer will not come. */
const PATIENCE_MS = 60_000

export interface LoadResult {
  readonly requests: number
  readonly requestsPerSecond: number
  /** Of all bodies. */
  readonly bytes: number
  /** Milliseconds of each request, at most 100,000 of them. */
  readonly latencies: readonly number[]
}

export interface LoadOptions {
  readonly connections: number
  /** Nothing is asked after so long. */
  readonly seconds: number
  /** Nothing is asked after so many requests; without it only the time counts. */
  readonly requests?: number
}

/**
 * Keep-alive connections that together ask for the addresses in turn, from the first again after the last. All of one
 * server. Raw sockets and a parser that only looks for the length: the generator must not be what is measured. Answers
 * need a Content-Length or chunks.
 */
export async function load(urls: string | readonly string[], options: LoadOptions): Promise<LoadResult> {
  const requests = [urls].flat().map(requestOf)
  const { hostname, port } = new URL([urls].flat()[0] ?? '')
  const most = options.requests ?? Number.POSITIVE_INFINITY
  const latencies: number[] = []
  let asked = 0
  let done = 0
  let bytes = 0
  const end = performance.now() + options.seconds * 1000
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname)
      let body: Body | undefined
      let head = ''
      let started = 0
      const send = () => {
        if (performance.now() >= end || asked >= most) {
          resolve()
          socket.destroy()
          return
        }
        body = undefined
        head = ''
        started = performance.now()
        socket.write(requests[asked++ % requests.length] as string)
      }
      socket.setNoDelay(true)
      socket.on('connect', send)
      socket.on('error', reject)
      socket.on('close', () => reject(new Error('the server closed the connection')))
      const late = setTimeout(() => socket.destroy(new Error('no answer')), options.seconds * 1000 + PATIENCE_MS)
      socket.on('close', () => clearTimeout(late))
      socket.on('data', (chunk) => {
        let rest = chunk
        if (!body) {
          head += chunk.toString('latin1')
          const at = head.indexOf('\r\n\r\n')
          if (at < 0) return
          body = bodyOf(head)
          if (!body) return void socket.destroy(new Error(`unexpected answer: ${head.slice(0, 200)}`))
          rest = chunk.subarray(chunk.length - (head.length - at - 4))
        }
        bytes += rest.length
        // Subsonic's failures come with status 200; a failure is quick, and would pass for a good figure.
        if (rest.includes(FAILED)) return void socket.destroy(new Error(`${chunk.toString('latin1').slice(0, 400)}`))
        if (!body.isWhole(rest)) return
        done++
        if (latencies.length < 100_000) latencies.push(performance.now() - started)
        send()
      })
    })
  const begun = performance.now()
  await Promise.all(Array.from({ length: options.connections }, one))
  return { requests: done, requestsPerSecond: done / ((performance.now() - begun) / 1000), bytes, latencies }
}

function requestOf(url: string): string {
  const { host, pathname, search } = new URL(url)
  return `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n\r\n`
}

interface Body {
  /** Whether this piece is the last of it. */
  isWhole(piece: Buffer): boolean
}

/** Nothing for a head that tells no good answer. */
function bodyOf(head: string): Body | undefined {
  if (!head.startsWith('HTTP/1.1 20')) return undefined
  const length = /content-length: *(\d+)/i.exec(head)
  if (length) {
    let missing = Number(length[1])
    return {
      isWhole(piece) {
        missing -= piece.length
        return missing <= 0
      },
    }
  }
  if (!/transfer-encoding: *chunked/i.test(head)) return undefined
  let end = ''
  return {
    isWhole(piece) {
      end = (end + piece.toString('latin1')).slice(-7)
      return end.endsWith('\r\n0\r\n\r\n')
    },
  }
}
