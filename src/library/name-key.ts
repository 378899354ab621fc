import { fold, plainSigns } from '../base/text.ts'

/**
 * Names that differ only in case, adornment, width and the form of a sign are one: Guns N' Roses with either apostrophe.
 * A name of nothing but marks keeps itself.
 */
export function nameKey(name: string): string {
  // Twice: folding takes signs apart that are made of others.
  return plainSigns(fold(plainSigns(name))) || name
}
