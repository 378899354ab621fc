/** A secret that this browser makes up: shown until it is stored, and never again. */
import { button, make, say } from '../../-/page.js'

const BYTES = 32

/** As https://www.standardwebhooks.com writes keys. */
function newSecret(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES))
  return prefix + btoa(String.fromCharCode(...bytes))
}

/** Pages without https have no clipboard of their own: there the old way does. */
async function copy(input) {
  try {
    await navigator.clipboard.writeText(input.value)
  } catch {
    input.focus()
    input.select()
    if (!document.execCommand('copy'))
      throw new Error('This browser does not copy: the secret is marked, copy it by hand.')
  }
  say('Copied.')
}

/** The field with its buttons. `prefix`: what made secrets begin with. */
export function secretField(label, input, prefix) {
  const hint = make(
    'p',
    { class: 'soft hint', hidden: true },
    'Copy it to the receiver now: once added it is not shown again.',
  )
  const copying = button('Copy', () => copy(input), { hidden: true })
  const making = button('Make a secret', () => {
    input.value = newSecret(prefix)
    input.type = 'text'
    input.classList.add('code')
    copying.hidden = false
    hint.hidden = false
    say('')
  })
  return make(
    'div',
    { class: 'secret' },
    make('label', {}, label, input),
    make('div', { class: 'row' }, making, copying),
    hint,
  )
}
