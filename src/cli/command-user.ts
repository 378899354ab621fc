import { AppError } from '../base/errors.ts'
import { type Invocation, usage } from './arguments.ts'
import { askNewPassword } from './ask-password.ts'
import type { Backend } from './backend.ts'
import { type CliContext, print } from './context.ts'
import type { KeyLine, UserLine } from './operations.ts'

/** `tonearm user ...`: the words were checked by `checkUserWords`, before anything was opened. */
export async function userCommand(context: CliContext, invocation: Invocation, backend: Backend): Promise<void> {
  const [action, ...words] = invocation.words
  if (action === 'keys') return keysCommand(context, invocation, backend)
  const user = words[0] ?? ''
  const { options } = invocation
  if (action === 'list') {
    const users = await backend.call('user.list', {})
    print(context, options.json ? JSON.stringify(users, undefined, 2) : users.map(userLine).join('\n'))
  } else if (action === 'add') {
    if (await backend.call('user.exists', { user })) {
      throw new AppError('CONFLICT', `There is a user ${user} already. A new password: tonearm user passwd ${user}`)
    }
    await backend.call('user.check', { user, libraries: [...options.libraries] })
    const password = await ask(context, user)
    await backend.call('user.add', { user, password, admin: options.admin, libraries: [...options.libraries] })
    print(context, `User ${user} was added${options.admin ? ' and may do everything' : ''}.`)
  } else if (action === 'passwd') {
    if (!(await backend.call('user.exists', { user }))) {
      throw new AppError('NOT_FOUND', `There is no user ${user}. See: tonearm user list`)
    }
    await backend.call('user.passwd', { user, password: await ask(context, user) })
    print(context, `${user} has a new password.`)
  } else {
    await backend.call('user.remove', { user })
    print(context, `User ${user} was removed, with stars, ratings and playlists.`)
  }
}

async function keysCommand(context: CliContext, { words, options }: Invocation, backend: Backend): Promise<void> {
  const [, action, user = '', key = ''] = words
  if (action === 'add') {
    const made = await backend.call('keys.add', { user, ...(options.name ? { name: options.name } : {}) })
    print(context, made.key)
    if (context.stdout.isTTY) {
      print(
        context,
        `\nThis is the key of ${user}; it is shown only now. To revoke it: tonearm user keys revoke ${user} ${made.id}`,
      )
    }
  } else if (action === 'list') {
    const keys = await backend.call('keys.list', { user })
    const none = `${user} has no keys. A new one: tonearm user keys add ${user}`
    const lines = keys.map(keyLine).join('\n') || none
    print(context, options.json ? JSON.stringify(keys, undefined, 2) : lines)
  } else {
    await backend.call('keys.revoke', { user, key })
    print(context, `Key ${key} of ${user} works no more.`)
  }
}

const WORDS: Readonly<Record<string, number>> = { add: 1, passwd: 1, remove: 1, list: 0 }
const KEY_WORDS: Readonly<Record<string, number>> = { add: 1, list: 1, revoke: 2 }

/** Throws for anything but the forms in the help text. */
export function checkUserWords(words: readonly string[]): void {
  const keys = words[0] === 'keys'
  const [action, ...rest] = keys ? words.slice(1) : words
  const table = keys ? KEY_WORDS : WORDS
  const wanted = action !== undefined && Object.hasOwn(table, action) ? table[action] : undefined
  if (wanted === undefined) throw usage(`user ${keys ? 'keys ' : ''}wants one of ${Object.keys(table).join(', ')}.`)
  if (rest.length < wanted) throw usage(`user ${words.join(' ')}: a name is missing.`)
  if (rest.length > wanted)
    throw usage(`user ${words.join(' ')}: "${rest[wanted]}" is too much. Passwords are asked for.`)
}

function ask(context: CliContext, user: string): Promise<string> {
  return askNewPassword(user, { env: context.env, input: context.stdin, output: context.stderr })
}

function userLine({ name, admin, libraries, lastAccessAt }: UserLine): string {
  const rights = admin ? 'admin' : libraries?.join(', ') || 'no library'
  const seen = lastAccessAt === undefined ? 'never seen' : `seen ${day(lastAccessAt)}`
  return `${name.padEnd(20)} ${rights.padEnd(30)} ${seen}`
}

function keyLine({ id, name, hint, createdAt, lastUsedAt }: KeyLine): string {
  const used = lastUsedAt === undefined ? 'never used' : `used ${day(lastUsedAt)}`
  return `${id.padEnd(6)} ${`${hint}…`.padEnd(14)} ${name.padEnd(24)} made ${day(createdAt)}, ${used}`
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
