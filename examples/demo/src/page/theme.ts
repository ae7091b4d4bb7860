import { button } from './dom.ts'

const KEY = 'pawl-demo-theme'

/** Follows the system's light or dark until the visitor chooses; the choice is kept. */
export function startTheme(): void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const toggle = button('theme')
  const chosen = () => localStorage.getItem(KEY)
  const show = () => {
    const theme = chosen() ?? (system.matches ? 'dark' : 'light')
    document.documentElement.dataset.theme = theme
    toggle.setAttribute('aria-pressed', String(theme === 'dark'))
  }
  toggle.addEventListener('click', () => {
    const dark = document.documentElement.dataset.theme === 'dark'
    localStorage.setItem(KEY, dark ? 'light' : 'dark')
    show()
  })
  system.addEventListener('change', show)
  show()
}
