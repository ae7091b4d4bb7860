/** A core reads its keys again after this long, in milliseconds: the bound of an emergency. */
export const KEY_RELOAD_MS = 5_000
