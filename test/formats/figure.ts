// How many kinds of file that ffmpeg can write are listed with the right length, rate, channels and tags, and which are not:
//   node --conditions=tonearm-source --import tsx test/formats/figure.ts [part of a muxer's name]
// One line a kind that is not right, one JSON line at the end. A minute or two.
import { check, type Finding, KINDS } from './written-by-ffmpeg.ts'

const [, , only = ''] = process.argv
const found: Finding[] = []
for (const kind of KINDS.filter(({ muxer }) => muxer.includes(only))) {
  const finding = await check(kind)
  if (finding) found.push(finding)
  if (!finding) process.stdout.write(`${kind.muxer}/${kind.encoder}: this ffmpeg doesn't write it\n`)
  else if (finding.wrong !== '')
    process.stdout.write(`${kind.muxer}/${kind.encoder}: ${finding.listed ? '' : 'not listed, '}${finding.wrong}\n`)
}
const right = found.filter(({ wrong }) => wrong === '')
const listed = found.filter((finding) => finding.listed)
process.stdout.write(`right: ${right.map(({ muxer, encoder }) => `${muxer}/${encoder}`).join(' ')}\n`)
process.stdout.write(`${JSON.stringify({ kinds: found.length, listed: listed.length, right: right.length })}\n`)
