import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { systemErrorCode } from '../../base/errors.ts'

/** The parts of Emscripten's file system that let real files in and out, a block at a time. */
export interface WasmFs {
  writeFile(path: string, data: Uint8Array): void
  lookupPath(path: string): { readonly node: WasmNode }
  getStream(fd: number): WasmStream | null
  readonly ErrnoError: new (code: number) => Error
}

interface WasmNode {
  node_ops: { getattr(node: WasmNode): Record<string, unknown> }
  stream_ops: StreamOperations
}

interface WasmStream {
  position: number
  stream_ops: StreamOperations
}

interface StreamOperations {
  read?(stream: WasmStream, into: Uint8Array, offset: number, length: number, position: number): number
  write?(stream: WasmStream, from: Uint8Array, offset: number, length: number, position: number): number
  llseek?(stream: WasmStream, offset: number, whence: number): number
}

/** WASI's numbers. */
const EIO = 29
const EINVAL = 28
const SEEK_CUR = 1
const SEEK_END = 2
const RETRY_MS = 2

/** Makes the file at `realPath` readable as `name`. Nothing is copied: each read of ffmpeg reads the disk. */
export function mountInput(fs: WasmFs, name: string, realPath: string): () => void {
  const fd = openSync(realPath, 'r')
  const { size } = fstatSync(fd)
  fs.writeFile(name, new Uint8Array(0))
  const { node } = fs.lookupPath(name)
  const { getattr } = node.node_ops
  node.node_ops = { ...node.node_ops, getattr: (one) => ({ ...getattr(one), size }) }
  node.stream_ops = {
    ...node.stream_ops,
    read: (_stream, into, offset, length, position) => {
      try {
        return readSync(fd, into, offset, Math.max(0, Math.min(length, size - position)), position)
      } catch {
        throw new fs.ErrnoError(EIO)
      }
    },
    llseek: (stream, offset, whence) => {
      const target = offset + (whence === SEEK_CUR ? stream.position : whence === SEEK_END ? size : 0)
      if (target < 0) throw new fs.ErrnoError(EINVAL)
      return target
    },
  }
  return () => closeSync(fd)
}

/** Sends what ffmpeg writes to its standard output to ours, and waits there while the reader is slow. */
export function routeOutput(fs: WasmFs, realFd: number): void {
  const stream = fs.getStream(1)
  if (!stream) throw new Error('this ffmpeg core has no standard output')
  stream.stream_ops = {
    ...stream.stream_ops,
    write: (_stream, from, offset, length) => {
      writeFully(realFd, from, offset, length)
      return length
    },
  }
}

function writeFully(fd: number, from: Uint8Array, offset: number, length: number): void {
  const end = offset + length
  let at = offset
  while (at < end) {
    try {
      at += writeSync(fd, from, at, end - at)
    } catch (error) {
      if (systemErrorCode(error) !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
    }
  }
}
