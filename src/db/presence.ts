import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'

const SOCKET = 'tonearm.lock.socket'
const ASK = `const s = require('net').connect(process.argv[1], () => process.exit(0));
s.on('error', () => process.exit(1)); setTimeout(() => process.exit(2), 2000)`

/**
 * A socket beside the lock that its owner keeps open. The kernel closes it when the owner dies, whatever container it
 * lived in, so a connection tells what a pid of another namespace can't. On disks without sockets nothing answers.
 */
export class Presence {
  readonly #folder: string
  #server: Server | undefined
  #descriptor: number | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  announce(): void {
    try {
      const path = this.#openPath()
      rmSync(join(this.#folder, SOCKET), { force: true })
      this.#server = createServer((socket) => socket.destroy())
      this.#server.on('error', () => {})
      this.#server.listen(path)
      this.#server.unref()
    } catch {
      this.end()
    }
  }

  /** Asks by a child process, since the answer is needed at once; 2 seconds at most. */
  isAnswered(): boolean {
    if (!existsSync(join(this.#folder, SOCKET))) return false
    const path = `/proc/${process.pid}/fd/${this.#descriptorOfFolder()}/${SOCKET}`
    const asked = spawnSync(process.execPath, ['-e', ASK, path], { timeout: 5000, stdio: 'ignore' })
    this.end()
    // Late is not dead: a busy owner accepts later.
    return asked.status === 0 || asked.status === 2
  }

  end(): void {
    if (this.#server) {
      this.#server.close()
      rmSync(join(this.#folder, SOCKET), { force: true })
    }
    this.#server = undefined
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  /** By the folder's descriptor: socket paths are limited to 107 bytes, folders are not. */
  #openPath(): string {
    return `/proc/self/fd/${this.#descriptorOfFolder()}/${SOCKET}`
  }

  #descriptorOfFolder(): number {
    this.#descriptor ??= openSync(this.#folder, 'r')
    return this.#descriptor
  }
}
