import assert from 'node:assert/strict'
import { STATUS_CODES } from 'node:http'
import { test } from 'node:test'
import { statusLine } from '../../src/http/status-line.ts'

test('status lines are those of node:http', () => {
  for (const [code, reason] of Object.entries(STATUS_CODES)) assert.equal(statusLine(Number(code)), `${code} ${reason}`)
  assert.equal(statusLine(299), '299 Unknown')
})
