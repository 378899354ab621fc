import { AppError } from '../base/errors.ts'
import type { HttpRequest } from '../http/types.ts'
import { Params } from './params.ts'
import { type Format, JSON_FORMAT, XML } from './protocol.ts'

/** Bytes of a form: a queue of some 100,000 songs. */
const FORM_LIMIT = 10 * 1024 * 1024

/** A path of identifiers (`angular.callbacks._0`): anything else could be script. */
const CALLBACK = /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*$/

/** The query's parameters with those of a form. Bodies of other types are left for the endpoint. */
export function withForm(request: HttpRequest, fromQuery: Params): Params | Promise<Params> {
  if (request.method !== 'POST') return fromQuery
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') return fromQuery
  return request.body(FORM_LIMIT).then((bytes) => {
    const form = Buffer.from(bytes).toString('utf8')
    return form === '' ? fromQuery : Params.parse(request.query, form)
  })
}

export interface RequestedFormat {
  readonly format: Format
  /** Why the wish could not be met; the format is then the nearest one. */
  readonly problem?: AppError
}

export function requestedFormat(params: Params): RequestedFormat {
  switch (params.optional('f')?.toLowerCase()) {
    case 'json':
      return { format: JSON_FORMAT }
    case 'jsonp': {
      const callback = params.optional('callback')
      if (callback !== undefined && callback.length <= 200 && CALLBACK.test(callback)) {
        return { format: { kind: 'jsonp', callback } }
      }
      const problem = callback
        ? new AppError('INVALID_PARAMETER', "Parameter 'callback' must be the name of a function.")
        : new AppError('MISSING_PARAMETER', "Required parameter 'callback' is missing.")
      return { format: JSON_FORMAT, problem }
    }
    default:
      return { format: XML }
  }
}
