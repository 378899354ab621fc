import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accessFindings } from '../../src/cli/doctor-access.ts'
import { startPluginServer } from '../support/plugin-server.ts'

test('the doctor names the plugin without which users see nothing, and what to do', async (t) => {
  const server = await startPluginServer({ users: [{ name: 'kid', password: 'kid-pass' }] }, t)
  const { core } = server
  const kid = core.accounts.find('kid') ?? assert.fail()
  assert.deepEqual(accessFindings(core), [])
  await server.load(new URL('../../plugins/library-acl/', import.meta.url))
  core.repositories.narrowedUsers.set('library-acl', [kid.id])
  assert.deepEqual(
    accessFindings(core).map(({ level }) => level),
    ['ok'],
  )
  await server.host.setEnabled('library-acl', false)
  const [finding] = accessFindings(core)
  assert.equal(finding?.level, 'fail')
  assert.match(finding?.found ?? '', /one user sees nothing: the plugin library-acl .* switched off/)
  assert.match(finding?.advice ?? '', /access-guard\/library-acl/)
})
