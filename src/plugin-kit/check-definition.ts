import { isBuiltin } from 'node:module'
import { PUBLIC_MODULE } from '../plugin/api/public-module.ts'
import { createGlobals, HARMLESS } from '../plugin/containment/globals.ts'
import { resolveConfig } from '../plugin/host/plugin-config.ts'
import { HOOK_PERMISSIONS } from '../plugin/host/registrations.ts'
import { settingProblems } from '../plugin/host/setting-problems.ts'
import type { SchemaPart } from '../plugin/host/setting-words.ts'
import type { PluginBundle } from '../plugin/loading/bundle-plugin.ts'
import { evaluatePlugin } from '../plugin/loading/evaluate.ts'
import { incompatibility, type Manifest } from '../plugin/loading/manifest.ts'
import { ADDED, isOlder } from './api-history.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** Longer than this and the start of a server on a small board is felt, ms. */
const SLOW_MS = 50

/** The manifest and what the code does before anybody calls it. */
export function checkDefinition(manifest: Manifest, bundle: PluginBundle): readonly Finding[] {
  return [
    ...checkVersion(manifest, bundle),
    ...checkPermissions(manifest, bundle),
    ...checkConfig(manifest),
    ...checkSideEffects(manifest, bundle),
  ]
}

function* checkVersion({ apiVersion }: Manifest, { code }: PluginBundle): Iterable<Finding> {
  const what = 'API version'
  const wrong = incompatibility(apiVersion)
  if (wrong) return yield fail(what, wrong)
  const findings: Finding[] = []
  for (const { version, hooks, calls } of ADDED.filter((added) => isOlder(apiVersion, added.version))) {
    const advice = `say apiVersion: '${version}', so that older servers refuse it with a reason instead of failing in it`
    for (const hook of hooks.filter((name) => code.includes(`"${name}"`)))
      findings.push(fail(what, `it says ${apiVersion} and names the hook ${hook}, which came with ${version}`, advice))
    for (const [name] of calls.filter(([, call]) => call.test(code)))
      findings.push(warn(what, `it says ${apiVersion} and seems to use ${name}, which came with ${version}`, advice))
  }
  yield* findings.length > 0 ? findings : [ok(what, apiVersion)]
}

/** Members of the context by the permission that they need; as calls, since the names alone mean little. */
const CALLS: readonly (readonly [permission: string, call: RegExp])[] = [
  [
    'library:read',
    /\b(library\.(track|tracks|libraries|playlist|album|artist|counts)|statistics\.(library|names|unplayed))\(/,
  ],
  ['server:read', /\bserver\.figures\(/],
  ['admin', /\badmin\.((libraries|users|missing|scans)\.)?\w+\(/],
  ['users:read', /\busers\.(get|list|scopeOf|invalidateScope)\(/],
  ['playback:read', /\bplayback\.(plays|credits)\(/],
  ['db', /\bdb\.(all|get|run|batch)\(/],
  ['storage', /\bstorage\.dir\(/],
  ['settings', /\bsettings\.(get|set|onChange)\(/],
  ['scheduler', /\bscheduler\.(every|cron|after)\(/],
  ['notify', /\bnotify\.(send|channel)\(/],
  ['assets', /\bassets\.serve\(/],
  ['subsonic', /\bsubsonic\.(endpoint|extension|error|children)\(/],
]

function* checkPermissions({ permissions, reasons }: Manifest, { code, externals }: PluginBundle): Iterable<Finding> {
  const what = 'Permissions'
  const has = new Set<string>(permissions)
  const findings: Finding[] = []
  for (const builtin of externals.filter(isBuiltin).map((name) => name.replace(/^node:/, '')))
    if (!HARMLESS.has(builtin) && !has.has(`node:${builtin}`))
      findings.push(fail(what, `it imports node:${builtin}`, `add the permission 'node:${builtin}', or do without it`))
  const hooks = Object.entries(HOOK_PERMISSIONS).filter(([hook]) => code.includes(`"${hook}"`))
  for (const [hook, permission] of hooks)
    if (!has.has(permission))
      findings.push(fail(what, `it names the hook ${hook}`, `add the permission '${permission}'`))
  for (const [permission, call] of CALLS) {
    const found = call.exec(code)?.[0]
    if (found && !has.has(permission))
      findings.push(warn(what, `it seems to call ctx.${found}…)`, `add the permission '${permission}'`))
    if (!found && has.has(permission) && !hooks.some(([, needed]) => needed === permission))
      findings.push(warn(what, `it asks for ${permission} and does not seem to use it`, 'ask for what is needed only'))
  }
  const net = permissions.filter((permission) => permission.startsWith('net:'))
  if (/\bfetch\(/.test(code) && net.length === 0)
    findings.push(fail(what, 'it calls fetch', "add a permission 'net:<host>' for each host"))
  if (net.includes('net:*')) findings.push(warn(what, 'it asks for every host', 'name the hosts, if they are known'))
  const unexplained = permissions.filter((permission) => !reasons?.[permission])
  if (unexplained.length > 0)
    findings.push(
      warn(what, `no reason is given for ${unexplained.join(', ')}`, 'add reasons: administrators read them'),
    )
  yield* findings.length > 0 ? findings : [ok(what, permissions.length > 0 ? permissions.join(', ') : 'none')]
}

interface Property extends SchemaPart {
  readonly secret?: unknown
}

function* checkConfig({ name, config }: Manifest): Iterable<Finding> {
  const what = 'Settings'
  if (config === undefined) return
  const properties = Object.entries((config as { properties?: Record<string, Property> }).properties ?? {})
  const findings: Finding[] = []
  for (const [key, schema] of properties) {
    if ('default' in schema) {
      const one = { type: 'object', properties: { [key]: schema } }
      for (const { path, what: wrong } of settingProblems(one, { [key]: schema.default }))
        findings.push(fail(what, `the default of ${path} ${wrong}`))
    }
    const isSecret = schema.secret === true || schema.format === 'password'
    if (schema.type === 'string' && /password|secret|token|apikey|api_key/i.test(key) && !isSecret)
      findings.push(warn(what, `${key} looks like a secret`, 'mark it with secret: true, so that it is never shown'))
  }
  if (findings.every(({ level }) => level !== 'fail')) {
    const problem = problemOf(() => resolveConfig(name, config, {}))
    if (problem)
      findings.push(warn(what, `it can't start before somebody sets something: ${problem}`, 'prefer defaults'))
  }
  yield* findings.length > 0 ? findings : [ok(what, properties.map(([key]) => key).join(', ') || 'none')]
}

/** Loads the bundle with every door watched: a definition only defines. */
function* checkSideEffects({ name, version }: Manifest, { code }: PluginBundle): Iterable<Finding> {
  const what = 'Loading'
  const done: string[] = []
  const line = () => void done.push('it writes to the log')
  const globals = createGlobals({
    plugin: name,
    log: { debug: line, info: line, warn: line, error: line },
    publicModule: PUBLIC_MODULE,
    mayRequire: () => true,
    requireBuiltin: () => new Proxy({}, { get: () => () => void done.push('it calls into a built-in module') }),
    fetch: () => {
      done.push('it fetches something')
      return Promise.reject(new Error('a definition may fetch nothing'))
    },
    run: (work) => work(),
    onError: () => {},
  })
  const started = performance.now()
  const before = process.cpuUsage()
  const problem = problemOf(() => evaluatePlugin({ name, version, code }, globals.globals))
  const { user, system } = process.cpuUsage(before)
  // What other programs took of a busy machine's time is none of its own.
  const ms = Math.min(performance.now() - started, (user + system) / 1000)
  if (globals.activeTimers() > 0) done.push('it sets timers')
  globals.end()
  if (problem) return yield fail(what, problem)
  for (const effect of new Set(done)) yield fail(what, `${effect} while it is loaded`, 'do it in setup')
  if (ms > SLOW_MS) yield warn(what, `it takes ${Math.round(ms)} ms`, 'do work in setup or later, bundle less')
  if (done.length === 0 && ms <= SLOW_MS) yield ok(what, `${(code.length / 1000).toFixed(1)} kB, ${ms.toFixed(1)} ms`)
}

function problemOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
