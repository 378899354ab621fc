import assert from 'node:assert/strict'
import { test } from 'node:test'
import { multicastOrigin } from '../../src/http/multicast-name.ts'

test('the name in the network stands for a number that may change, and for nothing else', () => {
  assert.equal(multicastOrigin('http://192.168.1.20:4533/music', 'pi.local'), 'http://pi.local:4533/music')
  assert.equal(multicastOrigin('https://[fd00::2]', 'pi.local'), 'https://pi.local')
  for (const origin of [
    'http://127.0.0.1:4533',
    'http://localhost:4533',
    'https://music.example.org',
    'http://pi.local',
  ]) {
    assert.equal(multicastOrigin(origin, 'pi.local'), undefined)
  }
  assert.equal(multicastOrigin('http://192.168.1.20:4533', ''), undefined)
})
