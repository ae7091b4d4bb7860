import type { CommandLine } from './command-line.ts'

/**
 * How a command may be typed, after the words `pawl <family>`: `revoke <kid>`. Words in angle
 * brackets stand for any; from the first option on, options that are not in square brackets must be
 * given.
 */
export type CommandForm = string

/** What is wrong with the words of a command line: a sentence that says how to type it; or null. */
export function faultOfWords(
  line: Pick<CommandLine, 'positionals' | 'options'>,
  family: string,
  forms: readonly CommandForm[],
): string | null {
  if (forms.some((form) => isOfForm(line, form))) return null
  const typed = forms.map((form) => `pawl ${family} ${form}`.trimEnd())
  const last = typed.pop()
  return `say ${typed.length === 0 ? last : `${typed.join(', ')} or ${last}`}`
}

function isOfForm(
  { positionals, options }: Pick<CommandLine, 'positionals' | 'options'>,
  form: CommandForm,
): boolean {
  const [bare = '', ...needed] = form.replaceAll(/ ?\[[^\]]*\]/g, '').split(/ ?--/)
  const words = bare === '' ? [] : bare.split(' ')
  return (
    positionals.length === words.length &&
    words.every((word, index) => word.startsWith('<') || word === positionals[index]) &&
    needed.every((option) => options[option.split(' ')[0] ?? ''] !== undefined)
  )
}
