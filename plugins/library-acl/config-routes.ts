import type { Context } from './context.ts'
import { answering, json, Refusal } from './replies.ts'

const ADMIN = { root: true, auth: 'admin' } as const

/** `/api/config/*` and `/api/inspect`, for administrators; the server's settings switch them on. */
export function configRoutes({ admin, routes }: Context): void {
  const config = answering(async () => {
    const settings = await admin.config()
    if (!settings) throw new Refusal(404, 'The settings are not shown: dev.showConfig is off.')
    return json({ id: 'config', configFile: '', config: settings }, 200, { 'cache-control': 'no-store' })
  })
  routes.get('/api/config', config, ADMIN)
  routes.get('/api/config/*', config, ADMIN)
  routes.get(
    '/api/inspect',
    answering(async ({ query }) => {
      const id = query.get('id') ?? ''
      if (id === '') throw new Refusal(400, 'id is missing.')
      const { file, tags, audio, hasPicture } = await admin.inspect(id)
      return json({ file, rawTags: tags, audio, hasPicture })
    }),
    // One at a time, also where each file takes as long as a reader may.
    { ...ADMIN, timeoutMs: 150_000 },
  )
}
