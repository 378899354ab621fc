/**
 * The one table of error codes. Every failure that reaches a person or a client carries one of these.
 * `subsonic` is the code of the Subsonic error table (opensubsonic: "Error handling"), `http` the status that the
 * native API answers with. Codes are never reused and never renamed.
 */
export const ERROR_CODES = {
  INTERNAL: { subsonic: 0, http: 500 },
  BAD_REQUEST: { subsonic: 0, http: 400 },
  UNPROCESSABLE: { subsonic: 0, http: 422 },
  MISSING_PARAMETER: { subsonic: 10, http: 400 },
  INVALID_PARAMETER: { subsonic: 10, http: 400 },
  CLIENT_TOO_OLD: { subsonic: 20, http: 400 },
  SERVER_TOO_OLD: { subsonic: 30, http: 400 },
  BAD_CREDENTIALS: { subsonic: 40, http: 401 },
  TOKEN_AUTH_UNSUPPORTED: { subsonic: 41, http: 401 },
  AUTH_MECHANISM_UNSUPPORTED: { subsonic: 42, http: 401 },
  AUTH_MECHANISM_CONFLICT: { subsonic: 43, http: 400 },
  BAD_API_KEY: { subsonic: 44, http: 401 },
  TOO_MANY_ATTEMPTS: { subsonic: 40, http: 429 },
  FORBIDDEN: { subsonic: 50, http: 403 },
  NOT_FOUND: { subsonic: 70, http: 404 },
  GONE: { subsonic: 70, http: 410 },
  CONFLICT: { subsonic: 0, http: 409 },
  PAYLOAD_TOO_LARGE: { subsonic: 0, http: 413 },
  UNSUPPORTED: { subsonic: 0, http: 501 },
  BUSY: { subsonic: 0, http: 429 },
  TIMEOUT: { subsonic: 0, http: 504 },
  UNAVAILABLE: { subsonic: 0, http: 503 },
  CANCELLED: { subsonic: 0, http: 499 },
  CONFIG_INVALID: { subsonic: 0, http: 500 },
  DATA_LOCKED: { subsonic: 0, http: 503 },
  DATA_UNWRITABLE: { subsonic: 0, http: 503 },
  DATA_DAMAGED: { subsonic: 0, http: 503 },
  DATA_TOO_NEW: { subsonic: 0, http: 503 },
  DISK_FULL: { subsonic: 0, http: 507 },
  ADDRESS_IN_USE: { subsonic: 0, http: 503 },
  LIBRARY_UNREADABLE: { subsonic: 0, http: 503 },
  LIBRARY_LOST: { subsonic: 0, http: 409 },
  SCAN_RUNNING: { subsonic: 0, http: 409 },
  MEDIA_UNREADABLE: { subsonic: 70, http: 404 },
  TRANSCODE_FAILED: { subsonic: 0, http: 500 },
  PLUGIN_FAILED: { subsonic: 0, http: 502 },
  PLUGIN_TIMEOUT: { subsonic: 0, http: 504 },
  PERMISSION_DENIED: { subsonic: 50, http: 403 },
} as const

export type ErrorCode = keyof typeof ERROR_CODES

export interface AppErrorOptions {
  cause?: unknown
  /** Fields for the log only. Never sent to a client; never a secret. */
  details?: Readonly<Record<string, unknown>>
  /** Seconds after which a retry makes sense (HTTP `Retry-After`). */
  retryAfter?: number
}

/** A failure with a code of the table. `message` is for people and clients: no path, no secret, says what to do. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.details = options.details ?? {}
    this.retryAfter = options.retryAfter
  }
}

export function isAppError(value: unknown): value is AppError {
  try {
    return value instanceof AppError
  } catch {
    // A proxy that plugin code threw: its traps throw, or it was revoked.
    return false
  }
}

/** Node's `code` of a system error (`ENOENT`, `ENOSPC`, ...), if it has one. */
export function systemErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
