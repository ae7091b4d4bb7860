/**
 * Work that no request waits for: what a write whose answer was lost has left open. It is tried
 * again, boundedly, while it throws; given up, it is reported. It may never be done: a process that
 * ends takes it along.
 */
export type Later = (what: string, work: () => Promise<unknown>) => void
