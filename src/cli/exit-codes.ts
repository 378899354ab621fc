import { type ErrorCode, isAppError } from '../base/errors.ts'

/** What the program's exit tells, after the BSD list `sysexits`. systemd/README.md has the table for people. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 64,
  dataDamaged: 65,
  noMusic: 66,
  addressInUse: 69,
  dataUnwritable: 73,
  diskFull: 74,
  dataLocked: 75,
  config: 78,
} as const

const BY_ERROR: Partial<Record<ErrorCode, number>> = {
  BAD_REQUEST: EXIT.usage,
  MISSING_PARAMETER: EXIT.usage,
  INVALID_PARAMETER: EXIT.usage,
  DATA_DAMAGED: EXIT.dataDamaged,
  DATA_TOO_NEW: EXIT.dataDamaged,
  LIBRARY_UNREADABLE: EXIT.noMusic,
  ADDRESS_IN_USE: EXIT.addressInUse,
  DATA_UNWRITABLE: EXIT.dataUnwritable,
  DISK_FULL: EXIT.diskFull,
  DATA_LOCKED: EXIT.dataLocked,
  CONFIG_INVALID: EXIT.config,
}

export function exitCodeOf(error: unknown): number {
  return (isAppError(error) && BY_ERROR[error.code]) || EXIT.failure
}
