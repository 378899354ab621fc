import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharing from '../../plugins/sharing/plugin.ts'
import { loadConfig } from '../../src/config/load.ts'
import { pluginSettings } from '../../src/config/plugin-settings.ts'
import { resolveConfig } from '../../src/plugin/host/plugin-config.ts'

async function configOf(settings: Readonly<Record<string, string>>) {
  const flags = Object.entries(settings).map(([name, text]) => ({ name, text, flag: `--${name}` }))
  return (await loadConfig({ flags, env: {}, cwd: '/', home: '/' })).config
}

test("a plugin's section of the configuration is settings of that plugin, with times in seconds", async () => {
  const settings = pluginSettings(
    await configOf({ 'sharing.defaultExpiry': '90m', 'sharing.rateLimit': '7', 'sharing.enabled': 'false' }),
    'sharing',
  )
  assert.deepEqual([settings.defaultExpiry, settings.rateLimit, settings.enabled], [5_400, 7, false])
  assert.deepEqual(resolveConfig('sharing', sharing.config, settings), settings)
})

test('without a word in the configuration a plugin has its own defaults', async () => {
  const settings = pluginSettings(await configOf({}), 'sharing')
  assert.deepEqual(settings, resolveConfig('sharing', sharing.config, {}))
})

test('no other section reaches a plugin of its name, nor what is no section', async () => {
  const config = await configOf({})
  for (const name of ['server', 'auth', 'paths', 'music', 'libraries', 'radio', 'constructor', '__proto__'])
    assert.deepEqual(pluginSettings(config, name), {}, name)
})
