import { statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { AppError } from '../../base/errors.ts'
import type { Permission } from '../api/permission-api.ts'
import type { Assets } from '../api/route-api.ts'
import type { Generation } from '../host/generation.ts'
import { assertRoot, need } from './route-facade.ts'

/** The private folder of a plugin, `<data>/plugin-data/<name>`, made with 0700 on first use. */
export function createStorageFacade(dataDir: string, plugin: string): { dir(): Promise<string> } {
  const path = join(dataDir, 'plugin-data', plugin)
  return {
    async dir() {
      await mkdir(path, { recursive: true, mode: 0o700 })
      return path
    },
  }
}

export function storagePath(dataDir: string, plugin: string): string {
  return join(dataDir, 'plugin-data', plugin)
}

/** `packageDir`: where the plugin's files lie; nothing outside it is served. */
export function createAssetFacade(
  generation: Generation,
  packageDir: string | undefined,
  granted: ReadonlySet<Permission>,
): Assets {
  return {
    serve(urlPath, folder, options = {}) {
      generation.assertOpen()
      if (packageDir === undefined)
        throw new AppError('BAD_REQUEST', `${generation.plugin} has no folder to serve from`)
      const absolute = resolve(packageDir, folder)
      if (!isInside(packageDir, absolute)) throw new AppError('PERMISSION_DENIED', `${folder} lies outside the plugin`)
      assertFolder(generation.plugin, absolute, folder)
      const clean = urlPath.replace(/^\/+|\/+$/g, '')
      if (options.root) {
        need(generation, granted, 'routes:root', `assets at /${clean}`)
        assertRoot(`/${clean}`)
      }
      return generation.registrations.add('asset', {
        urlPath: options.root ? `/${clean}/` : `/plugins/${generation.plugin}/${clean}${clean ? '/' : ''}`,
        folder: absolute,
      })
    },
  }
}

/** At the start, where its author looks: later each visitor would meet a 404, and nobody would know why. */
function assertFolder(plugin: string, absolute: string, folder: string): void {
  if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) return
  throw new AppError(
    'NOT_FOUND',
    `plugin ${plugin} serves the folder ${folder}, which is not in its package: make it beside plugin.json, or let \`tonearm plugin build\` put it there (it does, where assets.serve names the folder as a text)`,
  )
}

export function isInside(parent: string, path: string): boolean {
  const root = resolve(parent)
  return path === root || resolve(path).startsWith(root + sep)
}
