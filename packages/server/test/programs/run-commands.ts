/** Runs the commands it is sent, one after the other, and answers what each wrote. */
import { runCommand } from '../../src/commands.ts'

const written = { output: '', errors: '' }
process.stdout.write = (text) => {
  written.output += String(text)
  return true
}
// Whoever runs the tests may look on; the commands then write as into a file, none the less.
Object.defineProperty(process.stderr, 'isTTY', { value: false })
process.stderr.write = (text) => {
  written.errors += String(text)
  return true
}
process.on('message', async (args: readonly string[]) => {
  Object.assign(written, { output: '', errors: '' })
  const code = await runCommand(args)
  process.send?.({ code, ...written })
})
