import { definePlugin } from 'tonearm/plugin'
import { accessRoutes } from './access-routes.ts'
import { AccessRules } from './access-rules.ts'
import { configRoutes } from './config-routes.ts'
import { libraryRoutes } from './library-routes.ts'
import { missingRoutes } from './missing-routes.ts'
import { userLibraryRoutes } from './user-library-routes.ts'
import { userRoutes } from './user-routes.ts'

export default definePlugin({
  name: 'library-acl',
  apiVersion: '1.3',
  description:
    'Libraries, users and what each user may see: the management API, and rules by folder, genre and content.',
  permissions: ['admin', 'access:scope', 'users:read', 'db', 'routes', 'routes:root'],
  reasons: {
    admin: 'makes and changes libraries and users for administrators',
    'access:scope': 'hides what the rules of a user deny',
    'users:read': 'makes changed rules count from the next request on',
    db: 'keeps the rules',
    routes: 'answers /api/library, /api/user, /api/missing, /api/config and /api/inspect',
    'routes:root': 'these paths are where clients look for them',
  },
  migrations: [
    {
      up: [
        `CREATE TABLE library_acl_rule (
          user_id TEXT PRIMARY KEY,
          denials TEXT NOT NULL,
          updated_at INTEGER NOT NULL
        ) WITHOUT ROWID`,
      ],
    },
  ],
  async setup(ctx) {
    const rules = new AccessRules(ctx)
    // Also what was stored by a version, or before a crash, that could not tell the core.
    await rules.start()
    ctx.hooks.on('access.scope', ({ userId }) => rules.scopeOf(userId))
    ctx.hooks.on('user.deleted', ({ userId }) => rules.forget(userId))
    libraryRoutes(ctx)
    userRoutes(ctx)
    userLibraryRoutes(ctx)
    accessRoutes(ctx, rules)
    missingRoutes(ctx)
    configRoutes(ctx)
  },
})
