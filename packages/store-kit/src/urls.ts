import { readFileSync } from 'node:fs'
import { StoreError } from '@pawl/core'

/** What the URLs of one engine look like. */
interface UrlShape {
  /** The engine's own name. */
  readonly title: string
  readonly parameters: readonly string[]
}

/** Readers of the parts of a URL. What they throw is a sentence without the URL in it. */
export interface UrlRules {
  /**
   * The URL, which begins as ours do and has no parameter but ours; `example` is told to whoever
   * wrote another.
   */
  parse(text: string, begin: RegExp, example: string): URL
  /** Refuses a parameter that the engine's store does not have. */
  check(parameters: URLSearchParams): void
  /** A part of the URL without its escapes. */
  decode(part: string): string
  /** The error that refuses a URL: what is wrong with it, as in "names no database". */
  wrong(what: string): StoreError
}

/** The rules for the URLs of an engine; each refusal is a `StoreError('unavailable')`. */
export function urlRules({ title, parameters: known }: UrlShape): UrlRules {
  const wrong = (what: string) => new StoreError('unavailable', `the ${title} URL ${what}`)
  const check = (parameters: URLSearchParams) => {
    const unknown = [...parameters.keys()].find((name) => !known.includes(name))
    if (unknown === undefined) return
    throw wrong(`has the parameter ${unknown}, which is not one of ${known.join(', ')}`)
  }
  return {
    check,
    wrong,
    parse: (text, begin, example) => {
      const url = begin.test(text) ? URL.parse(text) : null
      if (url === null) throw wrong(`is not one: ${example}`)
      check(url.searchParams)
      return url
    },
    decode: (part) => {
      try {
        return decodeURIComponent(part)
      } catch {
        throw wrong('has a % that begins no escape')
      }
    },
  }
}

/** Whether a host is this machine, which TLS need not protect; IPv6 with or without brackets. */
export function isThisMachine(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i.test(host)
}

/** How the parameters are called that name files for TLS. */
interface CertificateNames {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/**
 * TLS with the certificate checked, in the words of `node:tls`, with the files that parameters of a
 * URL name. Throws `StoreError('unavailable')` for a file that cannot be read.
 */
export function readCertificates(parameters: URLSearchParams, names: CertificateNames) {
  const fileOf = (name: string) => {
    const path = parameters.get(name)
    return path === null ? undefined : readPem(name, path)
  }
  const [ca, cert, key] = [fileOf(names.ca), fileOf(names.cert), fileOf(names.key)]
  return {
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
}

function readPem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new StoreError('unavailable', `the file that ${name} names cannot be read`, { cause })
  }
}
