import type { WalkPage } from '@pawl/core'

/** A walk over one part of what a store holds. */
export type Walk<Item> = (after: string | null, limit: number) => Promise<WalkPage<Item>>

/** Items of a page. */
const MOVE_PAGE = 500

/** The pages of a walk from a position on; the next is being read while one is handled. */
export async function* pagesOf<Item>(
  walk: Walk<Item>,
  after: string | null = null,
): AsyncGenerator<WalkPage<Item>> {
  let coming: Promise<WalkPage<Item>> | undefined = walk(after, MOVE_PAGE)
  while (coming !== undefined) {
    const page: WalkPage<Item> = await coming
    coming = page.next === null ? undefined : walk(page.next, MOVE_PAGE)
    // Whoever stops in between leaves this one behind; it must not end the process.
    coming?.catch(() => {})
    yield page
  }
}
