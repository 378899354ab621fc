/**
 * Goes on with a value: at once when it is there, later when it is promised. On the way of every request: a promise where
 * nothing waits costs more than a small answer.
 */
export function andThen<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
