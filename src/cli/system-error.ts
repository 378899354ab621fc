import { AppError, systemErrorCode } from '../base/errors.ts'

/** What the system refused, in words: a full or read-only disk is no programming mistake. Other errors stay as they are. */
export function explainSystemError(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error
  const path = 'path' in error && typeof error.path === 'string' ? `: ${error.path}` : ''
  switch (systemErrorCode(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new AppError(
        'DISK_FULL',
        `The disk is full${path}. Free some space, then start again; nothing was lost.`,
        {
          cause: error,
        },
      )
    case 'EROFS':
      return new AppError(
        'DATA_UNWRITABLE',
        `The disk is read-only${path}. Choose another folder, or mount it writable.`,
        {
          cause: error,
        },
      )
    case 'EACCES':
    case 'EPERM':
      return new AppError('DATA_UNWRITABLE', `This user may not do that${path}. Check owner and rights.`, {
        cause: error,
      })
    default:
      return error
  }
}
