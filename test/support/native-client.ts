import { pause } from '../../src/base/deadline.ts'
import type { ServerProcess } from './server-process.ts'

/** A call of the native API; an answer that is no success rejects with its status and text. */
export type NativeCall = (method: string, path: string, body?: unknown) => Promise<unknown>

export async function loginTo({ url }: ServerProcess, username: string, password: string): Promise<NativeCall> {
  const reply = await fetch(`${url}/auth/login`, { method: 'POST', body: JSON.stringify({ username, password }) })
  const { token } = (await reply.json()) as { token: string }
  return async (method, path, body) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { 'x-nd-authorization': `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.status === 204 ? undefined : answer.json()
  }
}

const WAIT_MS = 90_000
const SETTINGS_MS = 60_000

/** Polls: a server of its own process on a busy machine takes its time. */
export async function waitFor(
  what: string,
  look: () => boolean | Promise<boolean>,
  waitMs: number = WAIT_MS,
): Promise<void> {
  for (const end = performance.now() + waitMs; !(await look()); await pause(50))
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`)
}

/** Lets the notifications plugin reach receivers on this machine, without waiting for more of the same. */
export async function openNotifications(admin: NativeCall, config: object = {}): Promise<void> {
  const { permissions } = (await admin('GET', '/api/plugin/notifications')) as { permissions: { name: string }[] }
  await admin('PUT', '/api/plugin/notifications', {
    granted: [...permissions.map(({ name }) => name), 'net:127.0.0.1'],
    config: { settleSeconds: 0, ...config },
  })
}

/** A target of one's own; the plugin may still be about to take its settings. */
export function addTarget(call: NativeCall, channel: string, target: object): Promise<void> {
  const add = () =>
    call('POST', '/api/notifications/targets', { channel, name: 'here', target }).then(
      () => true,
      () => false,
    )
  return waitFor('the new settings', add, SETTINGS_MS)
}
