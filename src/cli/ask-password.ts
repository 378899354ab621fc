import type { ReadStream } from 'node:tty'
import { AppError } from '../base/errors.ts'

export interface PasswordSources {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
}

const MAX_BYTES = 4096

/**
 * A new password: from TONEARM_USER_PASSWORD, else asked for twice on the terminal without showing it, else the first
 * line of standard input. Never from the command line, which every user of the machine can read.
 */
export async function askNewPassword(who: string, sources: PasswordSources): Promise<string> {
  const { env, input, output } = sources
  if (env.TONEARM_USER_PASSWORD !== undefined) return checked(env.TONEARM_USER_PASSWORD)
  if (!input.isTTY) return checked(await firstLine(input))
  const first = checked(await askHidden(`Password for ${who}: `, input, output))
  const second = await askHidden('Once more: ', input, output)
  if (first !== second) throw new AppError('BAD_REQUEST', 'The two passwords differ. Nothing was changed.')
  return first
}

function checked(password: string): string {
  if (password === '') {
    throw new AppError(
      'BAD_REQUEST',
      'The password is empty. Type one, or give it by standard input or TONEARM_USER_PASSWORD.',
    )
  }
  return password
}

async function firstLine(input: NodeJS.ReadStream): Promise<string> {
  let text = ''
  for await (const chunk of input) {
    text += String(chunk)
    if (text.includes('\n') || text.length > MAX_BYTES) break
  }
  return text.split('\n')[0]?.replace(/\r$/, '') ?? ''
}

const ENTER = ['\r', '\n', '\u0004']
const INTERRUPT = '\u0003'
const ERASE = ['\u007f', '\b']

function askHidden(question: string, input: ReadStream, output: NodeJS.WriteStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const finish = (settle: () => void) => {
      input.off('data', onData)
      input.setRawMode(false)
      input.pause()
      output.write('\n')
      settle()
    }
    const onData = (chunk: Buffer) => {
      for (const character of chunk.toString('utf8')) {
        if (ENTER.includes(character)) return finish(() => resolve(answer))
        if (character === INTERRUPT) return finish(() => reject(new AppError('CANCELLED', 'Nothing was changed.')))
        if (ERASE.includes(character)) answer = [...answer].slice(0, -1).join('')
        else if (character >= ' ' && answer.length < MAX_BYTES) answer += character
      }
    }
    output.write(question)
    input.setRawMode(true)
    input.on('data', onData)
    input.resume()
  })
}
