/** What stands for a secret that is set. */
export const MASK = '****'

/** An address without the name and password that may stand in it, as in `smtps://me:secret@mail.example.org`. */
export function withoutLogin(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/i, `$1${MASK}@`)
}
