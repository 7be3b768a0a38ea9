/** The configuration of VitePress. `scripts/site.ts` puts the pages in place. */
import { defineConfig } from 'vitepress'
import type { UserConfig, DefaultTheme } from 'vitepress'
import { adaptMarkdown, slugOf } from './markdown.ts'
import { groupsOf } from './pages.ts'

const ENTRIES = ['', 'sinks', 'report', 'otel', 'distributed', 'testing']

const api: DefaultTheme.SidebarItem = {
  text: 'API',
  items: ENTRIES.map(entry => {
    const name = entry === '' ? 'parallel-requests' : `parallel-requests/${entry}`
    return { text: name, link: `/reference/api/${name}/` }
  }),
}

/** How much a hit counts: who searches for an option, a code or a flag finds its entry first. Runs in the browser. */
const weightOf = (path: string): number =>
  /^\/reference\/(?:options|errors|flags)/.test(path) ? 4 : path.startsWith('/reference/api/') ? 0.5 : 1

const config: UserConfig<DefaultTheme.Config> = defineConfig({
  title: 'parallel-requests',
  description: 'Any number of HTTP requests in, typed results out: parallel, polite, and with nothing lost.',
  lang: 'en',
  head: [['link', { rel: 'icon', href: '/icon.svg' }]],
  outDir: '../public',
  cacheDir: '../cache',
  cleanUrls: false,
  markdown: {
    // Comments are removed before; everything else that looks like a tag is text.
    html: false,
    linkify: false,
    anchor: { slugify: slugOf },
    attrs: { disable: true },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config(md) {
      md.disable('emoji')
      adaptMarkdown(md)
    },
  },
  vite: { build: { chunkSizeWarningLimit: 4_000 }, logLevel: 'warn' },
  themeConfig: {
    nav: [
      { text: 'Guides', link: '/guides.html' },
      { text: 'Options', link: '/reference/options.html' },
      { text: 'Error codes', link: '/reference/errors.html' },
      { text: 'Flags', link: '/reference/flags.html' },
      { text: 'Changelog', link: '/changelog.html' },
    ],
    sidebar: [{ text: 'Guides by task', link: '/guides.html' }, ...(groupsOf() as DefaultTheme.SidebarItem[]), api],
    outline: [2, 3],
    search: {
      provider: 'local',
      options: { miniSearch: { searchOptions: { boostDocument: weightOf } } },
    },
  },
})

export default config
