import type { Take } from './causes.ts'
import type { Context } from './context.ts'
import { LoginWatch } from './login-watch.ts'
import { NewMusic } from './new-music.ts'
import { addServerNews } from './server-news.ts'

const SOON_MS = 1_000

/** Everything that people are told about, where it happens. */
export function addSources(ctx: Context, take: Take): void {
  const music = new NewMusic(ctx, take)
  ctx.hooks.on('library.changed', ({ added, truncated }) => music.came(added, truncated))
  ctx.scheduler.after(SOON_MS, () => music.catchUp())
  addServerNews(ctx, take)
  const logins = new LoginWatch(ctx, take)
  ctx.hooks.on('user.login', (login) => logins.seen(login))
}
