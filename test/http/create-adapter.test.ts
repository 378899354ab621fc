import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/base/errors.ts'
import type { AdapterOptions } from '../../src/http/adapter-options.ts'
import { createAdapter } from '../../src/http/create-adapter.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { echo } from './harness.ts'

// The addon is loaded once a process: this file is the one where it can't be.
process.dlopen = () => {
  throw new Error('no build for this platform')
}

function options(lines: unknown[]): AdapterOptions {
  return {
    listen: { host: '127.0.0.1', port: 0 },
    basePath: '',
    trustedProxies: [],
    handler: echo,
    log: { ...silentLogger, info: (message, fields) => void lines.push([message, fields]) },
  }
}

test('where the addon can not load, node:http serves and one line says so', async (t) => {
  const lines: unknown[] = []
  const adapter = await createAdapter('auto', options(lines))
  t.after(() => adapter.close(0))
  assert.equal(adapter.name, 'node')
  assert.equal(lines.length, 1)
  const bound = await adapter.listen()
  assert.ok('port' in bound)
  assert.equal((await fetch(`http://127.0.0.1:${bound.port}/`)).status, 200)
})

test('uws demanded where it can not load is refused', async () => {
  await assert.rejects(
    createAdapter('uws', options([])),
    (error) => error instanceof AppError && error.code === 'UNSUPPORTED',
  )
})
