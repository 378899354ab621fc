import { AppError, isAppError } from '../base/errors.ts'
import { json } from '../http/reply.ts'
import type { UserRouteHandler } from './native-gate.ts'

type Fields = Readonly<Record<string, unknown>>

/** Characters: more than any name or comment has. What is stored goes out with every list. */
const MAX_TEXT = 16_384

/** A text; undefined when it is absent or null. INVALID_PARAMETER for anything else. */
export function textField(body: Fields, name: string): string | undefined {
  const value = body[name] ?? undefined
  if (value === undefined || (typeof value === 'string' && value.length <= MAX_TEXT)) return value
  throw invalidField(name, `a text of at most ${MAX_TEXT} characters`)
}

/** A text that is there and not blank. */
export function requiredText(body: Fields, name: string): string {
  const value = textField(body, name)
  if (value === undefined || value.trim() === '') throw fieldError(name, 'required', `${name} is missing.`)
  return value
}

/** True or false; undefined when it is absent or null. INVALID_PARAMETER for anything else. */
export function booleanField(body: Fields, name: string): boolean | undefined {
  const value = body[name] ?? undefined
  if (value === undefined || typeof value === 'boolean') return value
  throw invalidField(name, 'true or false')
}

export function invalidField(name: string, expected: string): AppError {
  return fieldError(name, 'invalid', `${name} must be ${expected}.`)
}

function fieldError(field: string, problem: 'required' | 'invalid', sentence: string): AppError {
  return new AppError('INVALID_PARAMETER', sentence, { details: { field, problem } })
}

/** Names the field in the answer, `{"error", "errors": {field: code}}`, as forms of the native API want it. */
export function namingFields(handler: UserRouteHandler): UserRouteHandler {
  return async (...args) => {
    try {
      return await handler(...args)
    } catch (error) {
      if (!isAppError(error) || error.code !== 'INVALID_PARAMETER') throw error
      const { field, problem } = error.details
      if (typeof field !== 'string') throw error
      return json(400, { error: error.message, errors: { [field]: `ra.validation.${problem}` } })
    }
  }
}
