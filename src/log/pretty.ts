/** One JSON line of the log as a line for people: time, level, room, message, then the fields. */
export function prettyLine(json: string, options: { readonly colour: boolean }): string {
  const line = JSON.parse(json) as Readonly<Record<string, unknown>>
  const { level, time, room, msg, ...fields } = line
  const paint = options.colour
    ? (code: number, text: string) => `\u001b[${code}m${text}\u001b[0m`
    : (_: number, text: string) => text
  const [colour, name] = LEVELS[String(level)] ?? [0, String(level)]
  const parts = [
    paint(DIM, new Date(String(time)).toTimeString().slice(0, 8)),
    paint(colour, name.padEnd(5)),
    ...(room === undefined ? [] : [paint(DIM, `${String(room)}:`)]),
    String(msg),
    ...Object.entries(fields).map(([key, value]) => `${paint(DIM, `${key}=`)}${show(value)}`),
  ]
  const stack = stackOf(fields)
  return stack ? `${parts.join(' ')}\n${paint(DIM, stack)}` : parts.join(' ')
}

const DIM = 2
const LEVELS: Readonly<Record<string, readonly [number, string]>> = {
  debug: [35, 'debug'],
  info: [32, 'info'],
  warn: [33, 'warn'],
  error: [31, 'error'],
}

function show(value: unknown): string {
  if (typeof value === 'string') return /[\s"=]/.test(value) || value === '' ? JSON.stringify(value) : value
  if (typeof value === 'object' && value !== null && 'message' in value && 'name' in value) {
    const code = 'code' in value ? `${String(value.code)}: ` : ''
    return JSON.stringify(`${code}${String(value.message)}`)
  }
  return JSON.stringify(value) ?? ''
}

/** The stack of the error field, unless it is one of ours with a code: those explain themselves. */
function stackOf(fields: Readonly<Record<string, unknown>>): string | undefined {
  const error = fields.error
  if (typeof error !== 'object' || error === null || !('stack' in error)) return undefined
  if ('name' in error && error.name === 'AppError') return undefined
  return String(error.stack).split('\n').slice(1, 8).join('\n')
}
