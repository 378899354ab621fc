import { Boolean as boolean, Array as list, Object as record, String as string } from 'typebox'
import { AppError } from '../base/errors.ts'
import type { Core } from '../core.ts'
import type { PluginInfo } from '../plugin/host/plugin-info.ts'
import { createDormantPlugins } from '../plugin/host/plugin-room.ts'
import type { PluginService } from '../plugin/host/plugin-service.ts'
import { installPlugin, uninstallPlugin } from '../plugin/loading/install-plugin.ts'
import { operation } from './operation.ts'

const named = record({ name: string({ minLength: 1 }) })

export const PLUGIN_OPERATIONS = {
  'plugin.list': operation(record({}), (core) => withPlugins(core, (plugins) => plugins.list())),
  'plugin.rescan': operation(record({}), (core) =>
    withPlugins(core, async (plugins) => {
      await plugins.rescan()
      return plugins.list()
    }),
  ),
  'plugin.add': operation(record({ source: string({ minLength: 1 }) }), (core, { source }) =>
    withPlugins(core, async (plugins) => {
      const { name } = await installPlugin(source, core.config.plugins.folder)
      await plugins.rescan()
      return known(plugins, name)
    }),
  ),
  'plugin.remove': operation(named, (core, { name }) =>
    withPlugins(core, async (plugins) => {
      const { origin } = known(plugins, name)
      const path = plugins.pathOf(name)
      if (origin !== 'data' || path === undefined)
        throw new AppError(
          'BAD_REQUEST',
          `${name} came with the server. To switch it off: tonearm plugin disable ${name}`,
        )
      await uninstallPlugin(path)
      await plugins.rescan()
      plugins.host.forgetGrants(name)
    }),
  ),
  'plugin.enable': operation(
    record({ name: string({ minLength: 1 }), enabled: boolean() }),
    (core, { name, enabled }) =>
      withPlugins(core, async (plugins) => {
        known(plugins, name)
        await plugins.host.setEnabled(name, enabled)
        return known(plugins, name)
      }),
  ),
  'plugin.reload': operation(named, (core, { name }) => {
    if (!core.plugins) throw new AppError('UNAVAILABLE', 'No server runs, so no plugin does either.')
    const { plugins } = core
    return plugins.reload(name).then(() => known(plugins, name))
  }),
  'plugin.grant': operation(
    record({ name: string({ minLength: 1 }), permissions: list(string()) }),
    (core, { name, permissions }) =>
      withPlugins(core, async (plugins) => {
        const asked = known(plugins, name).permissions
        const already = asked.filter(({ granted }) => granted).map((one) => one.name)
        const wanted = permissions.length > 0 ? permissions : asked.map((one) => one.name)
        await plugins.host.grant(name, [...new Set([...already, ...wanted])])
        return known(plugins, name)
      }),
  ),
}

/** The server's own plugins, or without a server a look at what there is, in which nothing is started. */
async function withPlugins<T>(core: Core, work: (plugins: PluginService) => T | Promise<T>): Promise<T> {
  if (core.plugins) return work(core.plugins)
  if (core.listening) throw new AppError('UNAVAILABLE', 'Plugins are switched off: plugins.enabled in config.yaml.')
  const plugins = createDormantPlugins(core)
  await plugins.start()
  try {
    return await work(plugins)
  } finally {
    await plugins.stop()
  }
}

function known(plugins: PluginService, name: string): PluginInfo {
  const info = plugins.find(name)
  if (info) return info
  throw new AppError('NOT_FOUND', `There is no plugin ${name}. See: tonearm plugin list`)
}
