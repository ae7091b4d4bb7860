import type { RequestListener } from 'node:http'
import type { PageFile } from './bundle-page.ts'

/** Serves the page's files and nothing else, under a policy that lets it speak to its API only. */
export function pageListener(
  files: ReadonlyMap<string, PageFile>,
  apiOrigin: string,
): RequestListener {
  const headers = securityHeaders(apiOrigin)
  return (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page')
    const file = files.get(pathname)
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (file === undefined || !isRead) {
      response.writeHead(file === undefined ? 404 : 405, headers).end()
      return
    }
    response.writeHead(200, { ...headers, 'content-type': file.type, 'cache-control': 'no-cache' })
    response.end(request.method === 'HEAD' ? undefined : file.body)
  }
}

function securityHeaders(apiOrigin: string): Readonly<Record<string, string>> {
  const policy = {
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'img-src': "'self'",
    'connect-src': apiOrigin,
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    'require-trusted-types-for': "'script'",
    'trusted-types': "'none'",
  }
  return {
    'content-security-policy': Object.entries(policy)
      .map(([name, value]) => `${name} ${value}`)
      .join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }
}
