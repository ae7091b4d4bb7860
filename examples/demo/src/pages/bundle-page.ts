import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'

/** One file of the page, ready to be sent. */
export interface PageFile {
  readonly type: string
  readonly body: string
}

const pageDir = path.resolve(import.meta.dirname, '../page')

/** In the order in which they are laid over each other. */
const styles = ['tokens', 'page', 'welcome', 'desk', 'tree', 'verdict', 'thief', 'rule']

/** Builds the page's files by path, in memory. Nothing is fetched from anywhere. */
export async function bundlePage(apiOrigin: string): Promise<ReadonlyMap<string, PageFile>> {
  const read = (name: string) => readFile(path.join(pageDir, name), 'utf8')
  const [script, html, icon, ...sheets] = await Promise.all([
    bundleScript(),
    read('index.html'),
    read('icon.svg'),
    ...styles.map((name) => read(`styles/${name}.css`)),
  ])
  return new Map([
    ['/', { type: 'text/html; charset=utf-8', body: html.replace('{{api}}', apiOrigin) }],
    ['/demo.js', { type: 'text/javascript; charset=utf-8', body: script }],
    ['/demo.css', { type: 'text/css; charset=utf-8', body: sheets.join('\n') }],
    ['/icon.svg', { type: 'image/svg+xml', body: icon }],
  ])
}

async function bundleScript(): Promise<string> {
  const result = await build({
    entryPoints: [path.join(pageDir, 'app.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'silent',
  })
  const file = result.outputFiles[0]
  if (file === undefined) throw new Error('esbuild gave no script for the page')
  return file.text
}
