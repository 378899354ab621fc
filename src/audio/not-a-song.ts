/** What no decoder plays as music, however its tags are read: a film, or a file that ends before its sound. */
export class NotASong extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'NotASong'
  }
}
