import type { Fault } from '../ports.ts'

/** What common proxies hold of a response's headers by default, in bytes. */
const PROXY_BUFFER_BYTES = 4_096

/** Hears how many bytes of headers a grant took. */
export type HeaderBytesWatch = (bytes: number) => void

/**
 * Tells, once, that the headers of a grant are more than a proxy may hold: it answers 502 then
 * instead of each log-in and refresh, and nobody who signs in sees why.
 */
export function watchHeaderBytes(tell: (fault: Fault) => void): HeaderBytesWatch {
  let isTold = false
  return (bytes) => {
    if (bytes <= PROXY_BUFFER_BYTES || isTold) return
    isTold = true
    tell({
      where: 'headers',
      message:
        `the headers of a log-in or refresh take ${bytes} bytes and more: a proxy that holds less ` +
        'answers 502 instead (nginx: proxy_buffer_size, 4k or 8k by default). ' +
        'Let it hold 16k, or put less into claims and publicClaims',
    })
  }
}
