import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { validateXML } from 'xmllint-wasm'

export interface XmlAnswer {
  readonly name: string
  readonly xml: string
}

/** The root's additions of OpenSubsonic, which every client gets: the schema 1.16.1 doesn't know them. */
const ROOT_ADDITIONS = / type="[^"]*" serverVersion="[^"]*" openSubsonic="true"/

/** Known and meant: queue ids are strings in practice, and were numbers when the schema was written. */
const KNOWN = /attribute 'current': '[a-z0-9]+' is not a valid value of the atomic type 'xs:int'/

/** What the schema 1.16.1 finds wrong in the answers. */
export async function checkAgainstXmlSchema(folder: string, answers: readonly XmlAnswer[]): Promise<readonly string[]> {
  const schema = readFileSync(join(folder, 'subsonic-rest-api-1.16.1.xsd'), 'utf8')
  const result = await validateXML({
    xml: answers.map(({ name, xml }) => ({ fileName: `${name}.xml`, contents: xml.replace(ROOT_ADDITIONS, '') })),
    schema: [{ fileName: 'subsonic.xsd', contents: schema }],
  })
  const problems = result.errors
    .map((error) => error.rawMessage)
    .filter((message) => !KNOWN.test(message) && !message.endsWith(' fails to validate'))
  return problems.length === 0 && !result.valid && result.errors.length === 0
    ? ['xmllint refused the answers']
    : problems
}
