import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, type TestContext, test } from 'node:test'
import { openDatabase } from '../../src/db/sqlite-database.ts'
import { silentLogger } from '../../src/log/logger.ts'
import { buildOnce } from '../support/build-once.ts'
import { startProgram } from '../support/program.ts'
import { slow } from '../support/slow-check.ts'
import { tempFolder } from '../support/temp-database.ts'

const skip = !existsSync('/proc/self/stat') && 'the processes of this system can not be looked at'

/** The process that checks the database, once it does. Its parent is `pid`. */
async function checkOf(pid: number): Promise<number> {
  for (;;) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ')
    for (const child of children.filter(Boolean)) {
      // It is at the check when its second thread watches: then it has the least rank.
      if (
        /integrity-child/.test(textOf(`/proc/${child}/cmdline`)) &&
        /^\S+ \(.*\) (\S+ ){16}10 /.test(textOf(`/proc/${child}/stat`))
      )
        return Number(child)
    }
    await pause()
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

const lives = (pid: number) => !/^$|\) Z/.test(textOf(`/proc/${pid}/stat`))
const pause = () => new Promise((go) => setTimeout(go, 20))

async function slowData(t: TestContext) {
  const home = tempFolder(t, 'tonearm-doctor-ends-')
  const data = join(home, 'data')
  const temporary = join(home, 'tmp')
  for (const name of ['music', 'tmp']) mkdirSync(join(home, name))
  const args = ['--music', join(home, 'music'), '--data', data, '--host', '127.0.0.1', '--port', '0']
  const env = { TONEARM_SCANNER_WATCH: 'off', TONEARM_ADMIN_PASSWORD: 'a password of tests', TMPDIR: temporary }
  const program = startProgram(args, home, { env })
  await program.until(/"msg":"listening"/)
  program.kill('SIGTERM')
  assert.equal(await program.ended, 0)
  const db = openDatabase({ path: join(data, 'tonearm.db'), log: silentLogger })
  slow(db)
  db.close()
  return {
    start: (...words: readonly string[]) => startProgram([...words, ...args], home, { env }),
    temporary,
    data,
    home,
    env,
  }
}

describe('the process that checks the database', { skip }, () => {
  before(buildOnce)

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const)
    test(`ends with the doctor by ${signal} and leaves nothing behind`, async (t) => {
      const { home, data, temporary, env } = await slowData(t)
      const doctor = startProgram(['doctor', '--port', '0', '--data', data], home, { env })
      const check = await checkOf(doctor.pid)
      t.after(() => lives(check) && process.kill(check, 'SIGKILL'))
      doctor.kill(signal)
      await doctor.ended
      while (lives(check)) await pause()
      while (readdirSync(temporary).some((name) => name.startsWith('tonearm-check-'))) await pause()
    })
})
