import { AppError } from '../../base/errors.ts'
import { type Endpoint, tree } from '../endpoint.ts'

export const systemEndpoints: readonly Endpoint[] = [
  tree('ping', () => ({})),

  // Nothing but `valid`: dates far ahead throw in some clients' parsers.
  tree('getLicense', () => ({ license: { valid: true } })),

  {
    name: 'getOpenSubsonicExtensions',
    auth: 'none',
    answers: 'tree',
    handle: ({ extensions }) => ({
      openSubsonicExtensions: extensions.map(({ name, versions }) => ({ name, versions })),
    }),
  },

  tree('tokenInfo', ({ login, user }) => {
    if (login !== 'apiKey') {
      throw new AppError('AUTH_MECHANISM_UNSUPPORTED', 'tokenInfo tells whose an API key is: log in with one.')
    }
    return { tokenInfo: { username: user.name } }
  }),
]
