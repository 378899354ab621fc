import { AppError, isAppError } from '../../base/errors.ts'
import { json } from '../../http/reply.ts'
import type { Route } from '../../http/router.ts'
import { jsonObject } from '../../rest/json-body.ts'
import { listPage, readListQuery } from '../../rest/list-query.ts'
import type { NativeGate } from '../../rest/native-gate.ts'
import type { PluginInfo } from '../host/plugin-info.ts'
import type { PluginService } from '../host/plugin-service.ts'
import { unmasked } from '../host/secret-settings.ts'

const FIELDS = new Set(['enabled', 'config', 'granted'])

/** `/api/plugin`, for administrators; id = the plugin's name. */
export function pluginAdminRoutes(plugins: PluginService, gate: NativeGate): readonly Route[] {
  const admin = (handler: Parameters<NativeGate['requireLogin']>[0]) => gate.requireLogin(handler, { admin: true })
  // Plugins keep rules of who sees what, and get rights: no key of a stolen phone may change that.
  const proven = (handler: Parameters<NativeGate['requireLogin']>[0]) =>
    gate.requireLogin(handler, { admin: true, apiKeys: false })
  const known = (id: string | undefined): PluginInfo => {
    const info = plugins.find(id ?? '')
    if (!info) throw new AppError('NOT_FOUND', `there is no plugin named ${id}`)
    return info
  }
  return [
    {
      method: 'GET',
      path: '/api/plugin',
      handler: admin((request) => {
        const { items, total } = listPage(plugins.list(), readListQuery(new URLSearchParams(request.query)))
        return json(200, items, {
          'x-total-count': String(total),
          ...(plugins.safeMode ? { 'x-tonearm-safe-mode': 'on' } : {}),
        })
      }),
    },
    { method: 'GET', path: '/api/plugin/:id', handler: admin((_request, { id }) => json(200, known(id))) },
    {
      method: 'PUT',
      path: '/api/plugin/:id',
      handler: proven(async (request, { id }) => {
        const { name } = known(id)
        await changePlugin(plugins, name, await jsonObject(request))
        return json(200, known(name))
      }),
    },
    {
      method: 'POST',
      path: '/api/plugin/:id/reload',
      handler: proven(async (_request, { id }) => {
        const { name } = known(id)
        await plugins.reload(name)
        return json(200, known(name))
      }),
    },
    {
      method: 'POST',
      path: '/api/plugin/rescan',
      handler: proven(async () => {
        await plugins.rescan()
        return json(200, plugins.list())
      }),
    },
  ]
}

/** `{enabled?, config?, granted?}`; what is not named stays. All of it is checked before anything changes. */
async function changePlugin(
  plugins: PluginService,
  name: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { enabled, config, granted } = changes
  const unknown = Object.keys(changes).filter((key) => !FIELDS.has(key))
  if (unknown.length > 0)
    throw new AppError('BAD_REQUEST', `unknown fields: ${unknown.join(', ')}; there are enabled, config and granted`)
  if (enabled !== undefined && typeof enabled !== 'boolean')
    throw new AppError('BAD_REQUEST', 'enabled must be true or false')
  if (granted !== undefined && !(Array.isArray(granted) && granted.every((one) => typeof one === 'string'))) {
    throw new AppError('BAD_REQUEST', 'granted must be a list of permission names')
  }
  if (config !== undefined && (typeof config !== 'object' || config === null || Array.isArray(config))) {
    throw new AppError('BAD_REQUEST', 'config must be an object')
  }
  if (enabled === false) await plugins.host.setEnabled(name, false)
  if (config !== undefined) {
    const schema = plugins.find(name)?.configSchema
    const given = config as Readonly<Record<string, unknown>>
    await setConfig(plugins, name, unmasked(schema, given, plugins.host.storedConfig(name)))
  }
  if (granted !== undefined) await plugins.host.grant(name, granted as readonly string[])
  if (enabled === true) await plugins.host.setEnabled(name, true)
}

/** Wrong settings of a plugin are the client's mistake here, not the server's. */
async function setConfig(plugins: PluginService, name: string, config: Readonly<Record<string, unknown>>) {
  try {
    await plugins.host.setConfig(name, config)
  } catch (error) {
    if (!isAppError(error) || error.code !== 'CONFIG_INVALID') throw error
    throw new AppError('UNPROCESSABLE', error.message, { cause: error })
  }
}
