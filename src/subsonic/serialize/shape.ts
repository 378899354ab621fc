/**
 * How a tree becomes XML. By default scalars are attributes, objects and members of lists child elements named by their
 * key, scalars in lists elements with text. Child elements stand in the order of the tree's keys, which the constructors
 * in responses/ write in the order that the schema asks for. These are the exceptions.
 */

/** Elements whose `value` is their text. (`cueLine.value` is an attribute.) */
export const TEXT_IS_VALUE: ReadonlySet<string> = new Set(['genre', 'lyrics', 'line', 'cue'])

/** Elements whose scalars are child elements with text. */
export const SCALARS_ARE_ELEMENTS: ReadonlySet<string> = new Set(['artistInfo', 'artistInfo2', 'albumInfo'])

/** Lists whose members have another name as elements. */
export const NAMES_OF_MEMBERS: ReadonlyMap<string, string> = new Map([['agents', 'agent']])

/** Lists whose members hold long lists themselves: they are sent in parts too. */
export const LISTS_OF_LISTS: ReadonlySet<string> = new Set(['index'])

/** Characters after which a part is handed over. */
export const PART_LENGTH = 8 * 1024
